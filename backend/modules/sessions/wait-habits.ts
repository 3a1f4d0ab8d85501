import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { measureComings } from '../mitras/index.ts'
import { NEVER, QUANTILE_STEPS, STAYS_BELIEVED, STAY_BELIEVED_SECONDS, type Observed } from './habits.ts'
import { waitHabits } from './tables.ts'

/** Measures anew how people pay, answer, end early, extend and leave. What was never seen has no row: then it is believed. */
export async function refreshHabits(ctx: Ctx): Promise<void> {
  const days = ctx.settings.get('waitHabitsDays')
  const [spreads, leaving, shares, comings] = await Promise.all([measureSpreads(ctx, days), measureLeaving(ctx, days), measureShares(ctx, days), measureComings(ctx.sql, days)])
  const observed: Observed[] = [
    ...spreads, ...leaving, ...shares,
    { what: 'mitraGoing', samples: comings.went, exposure: comings.onlineSeconds, quantiles: null },
    { what: 'mitrasComing', samples: comings.came, exposure: comings.seconds, quantiles: null },
  ]
  await ctx.sql.insert(waitHabits).values(observed.map((one) => ({ ...one, quantiles: one.quantiles === null ? null : [...one.quantiles], measuredAt: sql`app_now()` })))
    .onConflictDoUpdate({ target: waitHabits.what, set: { samples: sql`excluded.samples`, exposure: sql`excluded.exposure`, quantiles: sql`excluded.quantiles`, measuredAt: sql`excluded.measured_at` } })
}

const since = (days: number) => sql`app_now() - make_interval(days => ${days})`

async function measureSpreads(ctx: Ctx, days: number): Promise<Observed[]> {
  const { rows } = await ctx.sql.execute<Observed>(sql`
    with recent as (select * from chat_sessions where updated_at > ${since(days)}),
    seen as (
      select 'served' as what, extract(epoch from ended_at - accepted_at) / (minutes * 60 + extract(epoch from coalesce(clock_started_at, accepted_at) - accepted_at)) as value
        from recent where state = 'ended' and accepted_at is not null
      union all select 'paid', extract(epoch from paid_at - coalesce(held_at, paid_at)) from recent where paid_at is not null
      union all select 'unpaid', extract(epoch from ended_at - held_at) from recent where held_at is not null and paid_at is null and ended_at is not null
      union all select case state when 'accepted' then 'accepted' else 'refused' end, extract(epoch from ended_at - created_at)
        from offers where created_at > ${since(days)} and counted and state in ('accepted', 'declined', 'expired'))
    select what, count(*)::int as samples, 0 as exposure,
      percentile_cont(array(select n / ${QUANTILE_STEPS}::float8 from generate_series(0, ${QUANTILE_STEPS}::int) n)) within group (order by greatest(value, 0)::float8) as quantiles
    from seen group by what`)
  return rows
}

/**
 * How long customers stay in a queue that does not move. Who came to a place, or waits still, would have stayed longer
 * than that: each leaving is one among those who were still there (Kaplan and Meier). A few who are only believed tell of
 * stays longer than any that was seen.
 */
async function measureLeaving(ctx: Ctx, days: number): Promise<Observed[]> {
  const { rows } = await ctx.sql.execute<Observed>(sql`
    with stays as (
      select extract(epoch from coalesce(held_at, paid_at, ended_at, app_now()) - queued_at)::float8 as seconds,
        (held_at is null and paid_at is null and state = 'cancelled' and ended_by = 'customer') as is_left
      from chat_sessions where updated_at > ${since(days)} and coalesce(held_at, paid_at, ended_at, app_now()) > queued_at
      union all select -${STAY_BELIEVED_SECONDS}::float8 * ln(1 - (n - 0.5) / ${STAYS_BELIEVED}::float8), true from generate_series(1, ${STAYS_BELIEVED}::int) n),
    ranked as (select seconds, is_left, count(*) over (order by seconds desc) as there from stays),
    gone as (
      select seconds, 1 - exp(sum(case when is_left then ln(greatest(1 - 1.0::float8 / there, 1e-9)) else 0 end) over (order by seconds)) as share, is_left from ranked),
    steps as (select least(${QUANTILE_STEPS}::int - 1, floor(share * ${QUANTILE_STEPS}::int)::int) as step, min(seconds) as seconds from gone where is_left group by 1)
    select 'leaving' as what, (select count(*) from stays)::int as samples, (select coalesce(sum(seconds), 0) from stays)::float8 as exposure,
      (select array_agg(coalesce((select min(seconds) from steps where step >= n), ${NEVER}::float8) order by n) from generate_series(0, ${QUANTILE_STEPS}::int) n) as quantiles`)
  return rows
}

async function measureShares(ctx: Ctx, days: number): Promise<Observed[]> {
  const { rows } = await ctx.sql.execute<{ paid: number; asked: number; accepted: number; offered: number }>(sql`
    with recent as (select * from chat_sessions where updated_at > ${since(days)}),
    answered as (select state from offers where created_at > ${since(days)} and counted and state in ('accepted', 'declined', 'expired'))
    select (select count(*) from recent where paid_at is not null)::int as paid,
      (select count(*) from recent where paid_at is not null or (held_at is not null and ended_at is not null))::int as asked,
      (select count(*) from answered where state = 'accepted')::int as accepted,
      (select count(*) from answered)::int as offered`)
  const { paid, asked, accepted, offered } = rows[0]!
  return [
    { what: 'paidShare', samples: paid, exposure: asked, quantiles: null },
    { what: 'acceptedShare', samples: accepted, exposure: offered, quantiles: null },
  ]
}
