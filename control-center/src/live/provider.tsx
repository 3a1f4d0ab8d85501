import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react'
import type { LiveFrame, LiveTopic } from '../../../backend/modules/staff/live-contract.ts'
import { useKnown } from '../api/me.tsx'
import { noteServerTime } from '../api/server-time.ts'
import { createLive, type Live, type LiveStore } from './client.ts'

/**
 * Who has not touched anything for so long is taken for gone: their page shows the board, and reads lists again when they
 * come back. Otherwise an open page alone would keep a sign-in from ending.
 */
const GONE_MS = 15 * 60_000

const Context = createContext<LiveStore | undefined>(undefined)

/** Keeps the live socket of whoever is signed in, and has every open page read again what the server says has changed. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const { me, hasExpired } = useKnown()
  const staffId = me?.staff.id
  const isIn = staffId !== undefined && me?.required.length === 0 && !hasExpired
  const reader = useMemo(() => createReader(queries), [queries])
  const store = useMemo(() => createLive({
    frame(frame) {
      if ('serverTime' in frame) noteServerTime(Date.parse(frame.serverTime))
      if (frame.type === 'changed') reader.read(topicsOf(frame, staffId))
    },
    again: () => reader.read('all'),
    refused: () => void queries.invalidateQueries({ queryKey: ['me'] }),
  }), [queries, reader, staffId])
  useEffect(() => (isIn ? store.start() : undefined), [store, isIn])
  useEffect(() => reader.start(), [reader])
  return <Context value={store}>{children}</Context>
}

/** The live board, the state of the connection, and since when it is as it is shown. */
export function useLive(): Live {
  const store = use(Context)
  if (!store) throw new Error('outside of LiveProvider')
  return useSyncExternalStore(store.subscribe, store.get)
}

// What is known of the signed-in person, their role too, is read again when it may be they who have changed.
function topicsOf({ what, id }: Extract<LiveFrame, { type: 'changed' }>, staffId: string | undefined): readonly (LiveTopic | 'me')[] {
  return what === 'staff' && (id === undefined || id === staffId) ? ['me', 'staff'] : [what]
}

type Wish = readonly (LiveTopic | 'me')[] | 'all'

function createReader(queries: QueryClient): { read: (what: Wish) => void; start: () => () => void } {
  const waiting = new Set<string>()
  let isAll = false
  let touchedAt = Date.now()
  const isThere = () => document.visibilityState === 'visible' && Date.now() - touchedAt < GONE_MS
  const flush = () => {
    if (!isThere()) return
    if (isAll) void queries.invalidateQueries()
    else for (const what of waiting) void queries.invalidateQueries({ queryKey: [what] })
    isAll = false
    waiting.clear()
  }
  const touched = () => {
    touchedAt = Date.now()
    if (isAll || waiting.size > 0) flush()
  }
  return {
    read(what) {
      if (what === 'all') isAll = true
      else for (const one of what) waiting.add(one)
      // What the role may is never a thing for later.
      if (what !== 'all' && what.includes('me')) void queries.invalidateQueries({ queryKey: ['me'] })
      flush()
    },
    start() {
      const events = ['pointerdown', 'keydown', 'pointermove', 'visibilitychange'] as const
      for (const event of events) document.addEventListener(event, touched, { passive: true })
      return () => {
        for (const event of events) document.removeEventListener(event, touched)
      }
    },
  }
}
