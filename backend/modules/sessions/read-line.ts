import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { servingMitras } from '../mitras/index.ts'
import { habitsFrom, type Habits, type Observed } from './habits.ts'
import type { InLine, Line, Running, Serving } from './simulate-waits.ts'

export type Read = Line & { habits: Habits; at: string; queued: string[] }

// Arrays without names, times to a tenth of a second: of a thousand mitras and a thousand waiting, reading the names
// would take longer than the simulation.
export type Row = {
  at: string
  mitras: [mitraId: string, capacity: number, topics: string[], languages: string[], gender: string | null][]
  running: [id: string, mitra: number, state: Running['state'], seconds: number, elapsed: number, left: number, isExtended: boolean][]
  waiting: [id: string, state: 'queued' | 'held' | 'ringing', waited: number, left: number, seconds: number, namedMitraId: string | null, anyMitra: boolean, topic: string | null, language: string | null, gender: string | null][]
  observed: Observed[]
}

/**
 * Everything that a waiting time follows from, of one moment: one statement, under no lock. Who waits stands in the order
 * of matching: who has paid, who lost a place that they pay for, then the queue.
 */
export async function readLine(ctx: Ctx): Promise<Read> {
  const clockStart = ctx.settings.get('clockStartSeconds')
  const { rows } = await ctx.sql.execute<Row>(sql`
    with serving as materialized (select m.*, (row_number() over (order by m.mitra_id))::int - 1 as place from (${servingMitras}) m)
    select app_now()::text as at,
      (select coalesce(json_agg(json_build_array(mitra_id, capacity, topics, languages, gender) order by place), '[]') from serving) as mitras,
      (select coalesce(json_agg(json_build_array(id, place, state, minutes * 60,
          round(case state
            when 'held' then extract(epoch from app_now() - held_at)
            when 'ringing' then greatest(0, ${ctx.settings.get('offerSeconds')}::int - extract(epoch from due_at - app_now()))
            else extract(epoch from coalesce(paused_at, app_now()) - accepted_at) end, 1),
          round(case state
            when 'held' then extract(epoch from hold_until - app_now())
            when 'ringing' then extract(epoch from due_at - app_now())
            when 'paused' then extract(epoch from (ends_at - paused_at) + (pause_until - app_now()) / 2)
            else extract(epoch from ends_at - app_now()) end, 1),
          coalesce(extract(epoch from ends_at - accepted_at) - paused_seconds > minutes * 60 + ${clockStart}::int + 30, false)) order by place), '[]')
        from chat_sessions join serving on serving.mitra_id = slot_mitra_id) as running,
      (select coalesce(json_agg(json_build_array(id, state, round(extract(epoch from app_now() - queued_at), 1), round(extract(epoch from coalesce(ring_until, hold_until, due_at) - app_now()), 1), minutes * 60,
          named_mitra_id, any_mitra, topic, language, gender) order by state = 'queued', state = 'held', paid_at, held_at, queue_number), '[]')
        from chat_sessions
        where state = 'queued' or (slot_mitra_id is null and (state = 'held' or (state = 'ringing' and ring_until > app_now())))) as waiting,
      (select coalesce(json_agg(json_build_object('what', what, 'samples', samples, 'exposure', exposure, 'quantiles', quantiles)), '[]') from wait_habits) as observed`)
  return lineFrom(rows[0]!)
}

/** What the statement found, by names. */
export function lineFrom({ at, mitras, running, waiting, observed }: Row): Read {
  return {
    at, habits: habitsFrom(observed),
    mitras: mitras.map(([mitraId, capacity, topics, languages, gender]): Serving => ({ mitraId, capacity, topics, languages, gender })),
    running: running.map(([id, mitra, state, seconds, elapsed, left, isExtended]): Running => ({ id, mitraId: mitras[mitra]![0], state, seconds, elapsed, left, isExtended })),
    waiting: waiting.map(([id, state, waited, left, seconds, namedMitraId, anyMitra, topic, language, gender]): InLine => ({ id, isPaid: state === 'ringing', waited, left, seconds, namedMitraId, anyMitra, topic, language, gender })),
    queued: waiting.flatMap(([id, state]) => (state === 'queued' ? [id] : [])),
  }
}
