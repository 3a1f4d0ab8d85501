import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
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
