import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { Act, SignInReply } from '../../../backend/modules/staff/contract.ts'
import { call, onSignedOut, setCsrfToken } from './call.ts'
import { forgetDrafts } from './drafts.ts'
import { asProblem, Problem } from './problem.ts'

export type Me = SignInReply
type Known = {
  /** Who is signed in; undefined before that. */
  me: Me | undefined
  isLoading: boolean
  /** Why nothing is known yet, where that is not a missing sign-in. */
  problem: Problem | undefined
  /** Somebody was signed in and is not any more: the page stays, the sign-in comes over it. */
  hasExpired: boolean
  signedIn: (me: Me) => void
  signOut: () => Promise<void>
  again: () => void
}

const Context = createContext<Known | undefined>(undefined)

/** Knows who is signed in, and notices at any call that somebody is not any more. */
export function MeProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const [hasExpired, setExpired] = useState(false)
  const query = useQuery({
    queryKey: ['me'],
    queryFn: async ({ signal }): Promise<Me | null> => {
      try {
        return (await call<Me>('GET', '/auth/me', { signal })).body
      } catch (error) {
        // Only the first time: later it means that a sign-in has ended, and what is on the page stays.
        if (error instanceof Problem && error.status === 401) return queries.getQueryData<Me | null>(['me']) ?? null
        throw error
      }
    },
    staleTime: 60_000,
    // A form that shows something once (backup codes) must not vanish because the window was left and seen again.
    refetchOnWindowFocus: false,
  })
  const me = query.data ?? undefined
  setCsrfToken(me?.csrfToken)
  useEffect(() => onSignedOut((problem) => {
    if (problem.status === 401) setExpired((was) => was || queries.getQueryData<Me | null>(['me']) != null)
    else void queries.invalidateQueries({ queryKey: ['me'] })
  }), [queries])

  const known = useMemo<Known>(() => ({
    me, isLoading: query.isLoading, hasExpired,
    problem: query.error === null ? undefined : asProblem(query.error),
    signedIn(next) {
      const isSomebodyElse = me !== undefined && me.staff.id !== next.staff.id
      if (isSomebodyElse) {
        forgetDrafts()
        queries.removeQueries({ predicate: hasNoMe })
      }
      setCsrfToken(next.csrfToken)
      queries.setQueryData(['me'], next)
      setExpired(false)
      void queries.invalidateQueries({ predicate: hasNoMe })
    },
    async signOut() {
      await call('POST', '/auth/logout', { body: {} }).catch(() => {}) // an ended one is what was wanted
      forgetDrafts()
      setExpired(false)
      queries.removeQueries({ predicate: hasNoMe })
      queries.setQueryData(['me'], null)
    },
    again: () => void query.refetch(),
  }), [me, query, hasExpired, queries])
  return <Context value={known}>{children}</Context>
}

// Who is signed in is looked at all the time: an entry that was taken away would never tell again.
function hasNoMe({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return queryKey[0] !== 'me'
}

export function useKnown(): Known {
  const known = use(Context)
  if (!known) throw new Error('outside of MeProvider')
  return known
}

/** Who is signed in, where somebody is: everywhere but at the sign-in. */
export function useMe(): Me {
  const { me } = useKnown()
  if (!me) throw new Error('nobody is signed in')
  return me
}

/** Whether the signed-in person's role may do this; the role table is the server's. */
export function useMay(): (act: Act) => boolean {
  const { me } = useKnown()
  return (act) => me?.grants[act] !== undefined
}
