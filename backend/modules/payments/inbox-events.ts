import { and, count, desc, eq, inArray, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { readEvent } from './inbox-rules.ts'
import { providerInbox } from './tables.ts'

export type InboxState = 'received' | 'applied' | 'parked'
export type InboxEvent = {
  id: string
  provider: string
  kind: string
  state: InboxState
  reason: string | null
  paymentId: string | null
  /** The refund or payout that it was about. */
  subjectId: string | null
  receivedAt: Date
  receivedCount: number
  attempts: number
  settledAt: Date | null
  /** What the event claims, where it could be read; the body itself is not shown. */
  claims: Record<string, unknown> | null
}

/** What an event of this kind claims: the modules above know their own. */
export type ReadClaims = (kind: string, body: Buffer) => object | undefined

type InboxPage = { state?: InboxState | undefined; paymentId?: string | undefined; cursor?: string | undefined; limit: number }

/** What the provider sent, for staff, the newest first. `cursor` is the last id of the page before; `read` reads the claims of what is about no invoice. */
export async function findInboxEvents(handle: Queryable, page: InboxPage, read: ReadClaims = () => undefined): Promise<{ items: InboxEvent[]; nextCursor: string | null }> {
  const rows = await handle.select().from(providerInbox)
    .where(and(
      page.state === undefined ? undefined : eq(providerInbox.state, page.state),
      page.paymentId === undefined ? undefined : eq(providerInbox.paymentId, page.paymentId),
      page.cursor === undefined ? undefined : lt(providerInbox.id, page.cursor),
    ))
    .orderBy(desc(providerInbox.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit).map((row) => eventOf(row, read))
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

export async function findInboxEvent(handle: Queryable, id: string, read: ReadClaims = () => undefined): Promise<InboxEvent | undefined> {
  const [row] = await handle.select().from(providerInbox).where(eq(providerInbox.id, id))
  return row && eventOf(row, read)
}

function eventOf({ body, bodySha256: _hash, headers: _headers, dueAt: _due, claimedUntil: _claim, ...row }: typeof providerInbox.$inferSelect, read: ReadClaims): InboxEvent {
  const claims = row.kind.startsWith('invoice') ? readEvent(body) : read(row.kind, body)
  return { ...row, claims: claims ? { ...claims } : null }
}

/** Has a parked event judged once more, from the start; false: there is no such parked event. */
export async function replayInboxEvent(tx: Tx, id: string): Promise<boolean> {
  const replayed = await tx.sql.update(providerInbox)
    .set({ state: 'received', reason: null, attempts: 0, settledAt: null, claimedUntil: null, dueAt: sql`app_now()` })
    .where(and(eq(providerInbox.id, id), eq(providerInbox.state, 'parked')))
    .returning({ id: providerInbox.id })
  if (replayed.length > 0) tx.afterCommit(() => tx.enqueue('inbox', id))
  return replayed.length > 0
}

/** How many events wait to be judged, and how many wait for staff. */
export async function countInbox(handle: Queryable): Promise<{ waiting: number; parked: number }> {
  const rows = await handle.select({ state: providerInbox.state, events: count() }).from(providerInbox)
    .where(inArray(providerInbox.state, ['received', 'parked'])).groupBy(providerInbox.state)
  const of = (state: InboxState) => rows.find((row) => row.state === state)?.events ?? 0
  return { waiting: of('received'), parked: of('parked') }
}

/** Puts how many events wait, how long the oldest of them has, and how many are parked into their metrics. */
export async function measureInbox(ctx: Ctx): Promise<void> {
  const [{ waiting, parked }, [row]] = await Promise.all([
    countInbox(ctx.sql),
    ctx.sql.select({ seconds: sql<number>`coalesce(extract(epoch from app_now() - min(${providerInbox.receivedAt})), 0)::float8` }).from(providerInbox).where(eq(providerInbox.state, 'received')),
  ])
  ctx.metrics.inboxRows.set({ state: 'waiting' }, waiting)
  ctx.metrics.inboxRows.set({ state: 'parked' }, parked)
  ctx.metrics.inboxOldestSeconds.set(row!.seconds)
}
