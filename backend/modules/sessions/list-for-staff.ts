import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPayment } from '../payments/index.ts'
import type { SessionView } from './contract.ts'
import type { SessionMark, SessionState } from './tables.ts'
import { findSessionViews } from './views.ts'

/** Days are in Asia/Jakarta, both within. `q`: a whole id of whatever belongs to a session, or how a session's id begins. */
export type SessionFilter = {
  state?: readonly SessionState[] | undefined
  customerId?: string | undefined
  mitraId?: string | undefined
  endReason?: string | undefined
  topic?: string | undefined
  minutes?: number | undefined
  from?: string | undefined
  until?: string | undefined
  has?: readonly SessionMark[] | undefined
  q?: string | undefined
  /** The last id of the page before. */
  cursor?: string | undefined
  limit: number
}

/** Sessions for staff, those asked for last first. Every filter has an index in this order. Throws `validation_failed` (an unknown cursor). */
export async function listSessions(ctx: Ctx, filter: SessionFilter): Promise<{ items: SessionView[]; nextCursor: string | null }> {
  const found = await findListed(ctx.sql, await resolveId(ctx.sql, filter))
  const ids = found.slice(0, filter.limit)
  const views = await findSessionViews(ctx, ids, { onlyForStaff: true })
  return { items: ids.map((id) => views.get(id)!.staff), nextCursor: found.length > filter.limit ? ids.at(-1) ?? null : null }
}

/** Ids, one more than the page has. */
async function findListed(handle: Queryable, filter: Listed): Promise<string[]> {
  const { rows } = await handle.execute<{ id: string }>(listedQuery(filter, await findPlace(handle, filter.cursor)))
  return rows.map((row) => row.id)
}

type Listed = SessionFilter & { ids?: readonly string[] }
type Place = { id: string; at: string }

async function findPlace(handle: Queryable, cursor: string | undefined): Promise<Place | undefined> {
  if (cursor === undefined) return undefined
  const { rows: [row] } = await handle.execute<Place>(sql`select id, queued_at::text as at from chat_sessions where id = ${cursor}`)
  if (!row) throw new AppError('validation_failed', 'There is no such place in the list.', { errors: [{ path: 'cursor', code: 'unknown', message: 'is no session' }] })
  return row
}

/** The statement by itself, for who wants to see its plan. */
export function listedQuery(filter: Listed, place?: Place): SQL {
  const { state = [], has: [mark, ...marks] = [], limit } = filter
  const also = conditions(filter, place, marks)
  const most = limit + 1
  // What is rare is read from its own list: the sessions would be searched through for it.
  if (mark) {
    return sql`select s.id from session_marks m join chat_sessions s on s.id = m.session_id where m.mark = ${mark}
      ${place ? sql`and (m.queued_at, m.session_id) <= (${place.at}::timestamptz, ${place.id}::uuid)` : sql``}
      and ${also} ${state.length > 0 ? sql`and s.state = any(${sql.param([...state])}::text[])` : sql``}
      order by m.queued_at desc, m.session_id desc limit ${most}`
  }
  if (state.length === 0) return sql`select s.id from chat_sessions s where ${also} order by s.queued_at desc, s.id desc limit ${most}`
  // State by state, each along its index: of several at once a sorted list has no order.
  return sql`select o.id from unnest(${sql.param([...new Set(state)])}::text[]) w(state) cross join lateral (
      select s.id, s.queued_at from chat_sessions s where s.state = w.state and ${also} order by s.queued_at desc, s.id desc limit ${most}) o
    order by o.queued_at desc, o.id desc limit ${most}`
}

function conditions(filter: Listed, place: Place | undefined, marks: readonly SessionMark[]): SQL {
  const { customerId, mitraId, endReason, topic, minutes, from, until, ids } = filter
  const all = [
    place && sql`(s.queued_at, s.id) < (${place.at}::timestamptz, ${place.id}::uuid)`,
    customerId && sql`s.customer_id = ${customerId}`,
    mitraId && sql`s.mitra_id = ${mitraId}`,
    endReason && sql`s.end_reason = ${endReason}`,
    topic && sql`s.topic = ${topic}`,
    minutes && sql`s.minutes = ${minutes}::integer`,
    from && sql`s.queued_at >= ${from}::date::timestamp at time zone 'Asia/Jakarta'`,
    until && sql`s.queued_at < (${until}::date + 1)::timestamp at time zone 'Asia/Jakarta'`,
    ids && sql`s.id = any(${sql.param([...ids])}::uuid[])`,
    ...marks.map((mark) => sql`exists (select 1 from session_marks x where x.session_id = s.id and x.mark = ${mark})`),
  ].filter((one) => one !== undefined && one !== '' && one !== 0)
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `)
}

const WHOLE = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** What a whole id is the id of, in the terms of the list: a person's sessions have an index of their own. */
async function resolveId(handle: Queryable, filter: SessionFilter): Promise<Listed> {
  const q = filter.q?.toLowerCase()
  if (q === undefined) return filter
  if (!WHOLE.test(q)) return { ...filter, q: undefined, ids: await findBeginning(handle, q) }
  const payment = await findPayment(handle, q)
  const { rows } = await handle.execute<{ id: string | null; is_customer: boolean; is_mitra: boolean }>(sql`
    select o.id, exists (select 1 from chat_sessions where customer_id = ${q}) as is_customer, exists (select 1 from chat_sessions where mitra_id = ${q}) as is_mitra
    from (select 1) one left join (
      select id from chat_sessions where id = ${q} union select id from chat_sessions where conversation_id = ${q}
      union select session_id from offers where id = ${q} union select session_id from tips where id = ${q}
      union select session_id from purchases where id = ${q}) o on true`)
  const ids = [...rows.flatMap((row) => row.id ?? []), ...(payment ? [payment.sessionId] : [])]
  if (ids.length === 0 && rows[0]?.is_customer && filter.customerId === undefined) return { ...filter, q: undefined, customerId: q }
  if (ids.length === 0 && rows[0]?.is_mitra && filter.mitraId === undefined) return { ...filter, q: undefined, mitraId: q }
  return { ...filter, q: undefined, ids }
}

/** Eight digits of an id are a minute of sessions. */
const BEGINNING_MOST = 1000

async function findBeginning(handle: Queryable, q: string): Promise<string[]> {
  const digits = q.replaceAll('-', '')
  const { rows } = await handle.execute<{ id: string }>(sql`
    select id from chat_sessions where id between ${digits.padEnd(32, '0')}::uuid and ${digits.padEnd(32, 'f')}::uuid order by id limit ${BEGINNING_MOST}`)
  return rows.map((row) => row.id)
}
