import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { findCapacity, findMitras } from '../mitras/index.ts'
import type { SessionView } from './contract.ts'
import { estimateWaits } from './rules.ts'

/** Between two sessions of a mitra: the customer pays, the mitra answers. Seconds, typical and slow. */
const HANDOVER_SECONDS = { p50: 45, p90: 240 }

type Line = { slotEnds: number[]; ahead: { id: string; seconds: number }[]; freeSlots: number }

// One read of everything an estimate needs: when each slot in use frees up, and who waits in which order.
async function readLine(handle: Queryable): Promise<Line> {
  const [running, waiting, capacity] = await Promise.all([
    handle.execute<{ mitra: string; left: number }>(sql`
      select slot_mitra_id as mitra, extract(epoch from case state
        when 'active' then ends_at - app_now()
        when 'paused' then (ends_at - paused_at) + (pause_until - app_now()) / 2
        else make_interval(mins => minutes) end)::float8 as left
      from chat_sessions where slot_mitra_id is not null`),
    handle.execute<{ id: string; seconds: number }>(sql`
      select id, minutes * 60 as seconds from chat_sessions where state = 'queued' order by queue_number`),
    findCapacity(handle),
  ])
  // A mitra who has gone offline serves to the end, and then nobody.
  const mitras = await findMitras(handle, [...new Set(running.rows.map((row) => row.mitra))])
  const staying = running.rows.filter((row) => mitras.get(row.mitra)?.isOnline)
  return { slotEnds: staying.map((row) => Math.max(0, row.left)), ahead: waiting.rows, freeSlots: capacity.free }
}

type Waits = { p50: number; p90: number } | null

// One pass over the line gives everybody's waiting time; the last entry is that of whoever joins now.
function estimateLine(line: Line): Waits[] {
  const slots = [...line.slotEnds, ...Array.from({ length: line.freeSlots }, () => 0)]
  const durations = line.ahead.map((waiting) => waiting.seconds)
  const typical = estimateWaits(slots, durations, HANDOVER_SECONDS.p50)
  const slow = estimateWaits(slots, durations, HANDOVER_SECONDS.p90)
  return [...durations, 0].map((_, index) => (typical && slow ? { p50: typical[index]!, p90: Math.max(typical[index]!, slow[index]!) } : null))
}

/** The place of each of these queued sessions and its waiting time (`waitSeconds` null when nobody is there to serve). */
export async function estimateQueue(handle: Queryable, ids: readonly string[]): Promise<Map<string, SessionView['queue']>> {
  const line = await readLine(handle)
  const wanted = new Set(ids)
  const waits = estimateLine(line)
  return new Map(line.ahead.flatMap((waiting, index) => (wanted.has(waiting.id) ? [[waiting.id, { position: index + 1, waitSeconds: waits[index]! }] as const] : [])))
}

/** How many wait, for the beacon. */
export async function countQueue(handle: Queryable): Promise<number> {
  const { rows } = await handle.execute<{ waiting: number }>(sql`select count(*)::int as waiting from chat_sessions where state = 'queued'`)
  return rows[0]?.waiting ?? 0
}

/** The waiting time of somebody who would join now, in seconds; null when nobody is there to serve. */
export async function estimateWait(handle: Queryable): Promise<{ p50: number; p90: number } | null> {
  const line = await readLine(handle)
  if (line.freeSlots > line.ahead.length) return { p50: 0, p90: 0 }
  return estimateLine(line).at(-1) ?? null
}
