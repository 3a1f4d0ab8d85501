import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { mitraIntervals, type IntervalKind } from './tables.ts'

/** Where a time is given it is the database's; without one it is `app_now()`. */
type Span = { mitraId: string; sessionId?: string | undefined; at?: Date | undefined }

/** Opens an interval for each; one that is open already stays as it is. */
export async function openIntervals(tx: Tx, kind: IntervalKind, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return
  await tx.sql.insert(mitraIntervals).values(spans.map((span) => ({
    id: tx.ids.next(), mitraId: span.mitraId, kind, sessionId: span.sessionId ?? null, startedAt: span.at ?? sql`app_now()`,
  }))).onConflictDoNothing()
}

/** Closes the open interval of each, if there is one; never before it began. */
export async function closeIntervals(tx: Tx, kind: IntervalKind, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return
  const rows = JSON.stringify(spans.map((span) => ({ mitra: span.mitraId, session: span.sessionId ?? null, at: span.at?.toISOString() ?? null })))
  await tx.sql.execute(sql`
    update mitra_intervals i set ended_at = greatest(i.started_at, coalesce(r.at, app_now()))
    from jsonb_to_recordset(${rows}::jsonb) as r(mitra uuid, session uuid, at timestamptz)
    where i.mitra_id = r.mitra and i.kind = ${kind} and i.session_id is not distinct from r.session and i.ended_at is null`)
}

/** The mitra begins (or goes on after a pause) to serve this session; repeated, it changes nothing. */
export async function openServed(tx: Tx, span: { mitraId: string; sessionId: string; at?: Date }): Promise<void> {
  await openIntervals(tx, 'served', [span])
}

/** The mitra stops serving this session, or pauses: `at` is then the time when the mitra was last seen. */
export async function closeServed(tx: Tx, span: { mitraId: string; sessionId: string; at?: Date }): Promise<void> {
  await closeIntervals(tx, 'served', [span])
}

/** Seconds that a mitra was online, busy and serving within [from, to): true to the millisecond, open intervals count until now. */
export async function sumHours(handle: Queryable, mitraId: string, from: Date, to: Date): Promise<Record<IntervalKind, number>> {
  const { rows } = await handle.execute<{ kind: IntervalKind; seconds: number }>(sql`
    select kind, sum(extract(epoch from least(coalesce(ended_at, app_now()), ${to.toISOString()}::timestamptz) - greatest(started_at, ${from.toISOString()}::timestamptz)))::float8 as seconds
    from mitra_intervals
    where mitra_id = ${mitraId} and started_at < ${to.toISOString()}::timestamptz and coalesce(ended_at, app_now()) > ${from.toISOString()}::timestamptz
    group by kind`)
  return { online: 0, busy: 0, served: 0, ...Object.fromEntries(rows.map((row) => [row.kind, row.seconds])) }
}
