import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Board, BoardMitra, BoardOffer, BoardSession, BoardWaiting, Named, Wait } from '../../../../backend/modules/staff/live-contract.ts'
import { type ListQuery } from '../../api/queries.ts'
import { useFormat } from '../../format.ts'
import { DataList, RowLink, type Column } from '../../parts/list.tsx'
import { Clock, PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useNowText } from './texts.ts'

type Of = { board: Board }

/** Running sessions, the one that ends first at the top. */
export function Sessions({ board: { sessions } }: Of) {
  const text = useNowText()
  const common = useCommon()
  const columns: Column<BoardSession>[] = [
    { name: 'customer', title: text('customer'), show: ({ customer }) => <Name of={customer} /> },
    { name: 'mitra', title: text('mitra'), show: ({ mitra }) => (mitra === null ? common('none') : <PersonLink of={mitra} to="/mitras" />) },
    { name: 'state', title: text('state'), show: ({ state }) => <StateBadge state={state} /> },
    { name: 'topic', title: text('topic'), show: ({ topic }) => topic ?? common('none') },
    { name: 'minutes', title: text('minutes'), align: 'right', show: ({ minutes }) => minutes },
    { name: 'left', title: text('left'), align: 'right', show: (session) => <Left session={session} /> },
  ]
  return (
    <Section title={text('sessionsList')} total={sessions.active + sessions.paused} shown={sessions.items.length}>
      <DataList label={text('sessionsList')} list={listOf(sessions.items)} columns={columns} idOf={({ id }) => id} to={({ id }) => `/sessions/${id}`} empty={{ title: text('noSessions'), text: text('noSessionsText') }} />
    </Section>
  )
}

// In a pause the session's own clock stands still: what runs is the pause.
function Left({ session }: { session: BoardSession }) {
  const text = useNowText()
  const common = useCommon()
  if (session.state === 'paused' && session.pauseUntil !== null) return <>{text('pauseLeft')} <Clock until={session.pauseUntil} /></>
  return session.endsAt === null ? <>{common('none')}</> : <Clock until={session.endsAt} />
}

/** Who waits, in the order in which they are served. */
export function Queue({ board: { queue } }: Of) {
  const text = useNowText()
  const columns: Column<BoardWaiting>[] = [
    { name: 'customer', title: text('customer'), show: ({ position, customer }) => <>{position}. <Name of={customer} /></> },
    { name: 'waits', title: text('waits'), show: ({ queuedAt, namedMitra }) => <><Time at={queuedAt} ago />{namedMitra && <Text size="xs" c="dimmed">{text('named', { name: namedMitra.displayName ?? `…${namedMitra.id.slice(-8)}` })}</Text>}</> },
    { name: 'told', title: text('told'), show: ({ waitSeconds }) => <Told wait={waitSeconds} /> },
  ]
  return (
    <Section title={text('queueList')} total={queue.total} shown={queue.items.length}>
      <DataList label={text('queueList')} list={listOf(queue.items)} columns={columns} idOf={({ id }) => id} to={({ id }) => `/sessions/${id}`} empty={{ title: text('noQueue'), text: text('noQueueText') }} />
    </Section>
  )
}

function Told({ wait }: { wait: Wait }) {
  const text = useNowText()
  const format = useFormat()
  return <>{wait === null ? text('toldNobody') : text('toldRange', { p50: format.duration(wait.p50), p90: format.duration(wait.p90) })}</>
}

/** Offers that nobody has answered yet, the one that runs out first at the top. */
export function Offers({ board: { offers } }: Of) {
  const text = useNowText()
  const columns: Column<BoardOffer>[] = [
    { name: 'customer', title: text('customer'), show: ({ customer }) => <Name of={customer} /> },
    { name: 'mitra', title: text('mitra'), show: ({ mitra }) => <PersonLink of={mitra} to="/mitras" /> },
    { name: 'deadline', title: text('deadline'), align: 'right', show: ({ expiresAt }) => <Clock until={expiresAt} /> },
  ]
  return (
    <Section title={text('offersList')} total={offers.total} shown={offers.items.length}>
      <DataList label={text('offersList')} list={listOf(offers.items)} columns={columns} idOf={({ id }) => id} to={({ sessionId }) => `/sessions/${sessionId}`} empty={{ title: text('noOffers'), text: text('noOffersText') }} />
    </Section>
  )
}

const MITRA_COLORS = { free: 'green', busy: 'blue', paused: 'orange', unseen: 'gray', break: 'yellow' } as const

/** Who is there, and how they are. */
export function Mitras({ board: { mitras } }: Of) {
  const text = useNowText()
  const common = useCommon()
  const label: Record<BoardMitra['state'], string> = { free: text('state_free'), busy: text('state_busy'), paused: text('state_paused'), unseen: text('state_unseen'), break: text('state_break') }
  const columns: Column<BoardMitra>[] = [
    { name: 'mitra', title: text('mitra'), show: (mitra) => <Name of={mitra} /> },
    { name: 'state', title: text('state'), show: ({ state }) => <StateBadge state={label[state]} color={MITRA_COLORS[state]} /> },
    { name: 'capacity', title: text('capacity'), align: 'right', show: ({ used, capacity }) => `${used} / ${capacity}` },
    { name: 'since', title: text('since'), show: ({ idleSince, breakUntil }) => (breakUntil !== null ? <Clock until={breakUntil} /> : idleSince !== null ? <Time at={idleSince} ago /> : common('none')) },
  ]
  return (
    <Section title={text('mitrasList')} total={mitras.online + mitras.unseen + mitras.onBreak} shown={mitras.items.length}>
      <DataList label={text('mitrasList')} list={listOf(mitras.items)} columns={columns} idOf={({ id }) => id} to={({ id }) => `/mitras/${id}`} empty={{ title: text('noMitras'), text: text('noMitrasText') }} />
    </Section>
  )
}

function Section({ title, total, shown, children }: { title: string; total: number; shown: number; children: ReactNode }) {
  const text = useNowText()
  return (
    <Stack component="section" gap="xs" aria-label={title} style={{ minWidth: 0 }}>
      <Title order={2} size="h5">{title} <Text span c="dimmed" fw={400} className="tabular">{total}</Text></Title>
      {children}
      {total > shown && <Text size="sm" c="dimmed">{text('more', { count: total - shown })}</Text>}
    </Stack>
  )
}

function Name({ of }: { of: Named }) {
  return <PersonName name={of.displayName} id={of.id} />
}

function PersonLink({ of, to }: { of: Named; to: string }) {
  return <RowLink href={`${to}/${of.id}`}><Name of={of} /></RowLink>
}

/** What the board brings is there whole, and read by nobody. */
function listOf<T>(items: T[]): ListQuery<T> {
  return { items, error: null, isLoading: false, isFetching: false, hasMore: false, isFetchingMore: false, more: () => {}, again: () => {} }
}
