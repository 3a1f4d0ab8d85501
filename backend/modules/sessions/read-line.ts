import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { servingMitras } from '../mitras/index.ts'
import { habitsFrom, type Habits, type Observed } from './habits.ts'
import type { InLine, Line, Running } from './simulate-waits.ts'

export type Read = Line & { habits: Habits; at: string; queued: string[] }

type Row = {
  at: string
  mitras: Line['mitras']
  running: Running[]
  waiting: (InLine & { isQueued: boolean })[]
  observed: Observed[]
}

/**
 * Everything that a waiting time follows from, of one moment: one statement, under no lock. Who waits stands in the order
 * of matching: who has paid, who lost a place that they pay for, then the queue.
 */
export async function readLine(ctx: Ctx): Promise<Read> {
  const clockStart = ctx.settings.get('clockStartSeconds')
  const { rows } = await ctx.sql.execute<Row>(sql`
    select app_now()::text as at,
      (select coalesce(json_agg(json_build_object('mitraId', m.mitra_id, 'capacity', m.capacity, 'topics', m.topics, 'languages', m.languages, 'gender', m.gender) order by m.mitra_id), '[]') from (${servingMitras}) m) as mitras,
      (select coalesce(json_agg(json_build_object('id', id, 'mitraId', slot_mitra_id, 'state', state, 'seconds', minutes * 60,
          'elapsed', case state
            when 'held' then extract(epoch from app_now() - held_at)
            when 'ringing' then greatest(0, ${ctx.settings.get('offerSeconds')}::int - extract(epoch from due_at - app_now()))
            else extract(epoch from coalesce(paused_at, app_now()) - accepted_at) end,
          'left', case state
            when 'held' then extract(epoch from hold_until - app_now())
            when 'ringing' then extract(epoch from due_at - app_now())
            when 'paused' then extract(epoch from (ends_at - paused_at) + (pause_until - app_now()) / 2)
            else extract(epoch from ends_at - app_now()) end,
          'isExtended', coalesce(extract(epoch from ends_at - accepted_at) - paused_seconds > minutes * 60 + ${clockStart}::int + 30, false))), '[]')
        from chat_sessions where slot_mitra_id is not null) as running,
      (select coalesce(json_agg(json_build_object('id', id, 'namedMitraId', named_mitra_id, 'anyMitra', any_mitra, 'topic', topic, 'language', language, 'gender', gender,
          'isPaid', state = 'ringing', 'isQueued', state = 'queued', 'left', extract(epoch from coalesce(ring_until, hold_until, due_at) - app_now()), 'seconds', minutes * 60)
          order by state = 'queued', state = 'held', paid_at, held_at, queue_number), '[]')
        from chat_sessions
        where state = 'queued' or (slot_mitra_id is null and (state = 'held' or (state = 'ringing' and ring_until > app_now())))) as waiting,
      (select coalesce(json_agg(json_build_object('what', what, 'samples', samples, 'exposure', exposure, 'quantiles', quantiles)), '[]') from wait_habits) as observed`)
  const { at, mitras, running, waiting, observed } = rows[0]!
  return { at, mitras, running, waiting, habits: habitsFrom(observed), queued: waiting.filter(({ isQueued }) => isQueued).map(({ id }) => id) }
}
