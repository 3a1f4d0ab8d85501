import { sql, type SQL } from './drizzle.ts'
import type { Ctx } from './ctx.ts'
import { within } from './within.ts'

/** `at` is a time of day in Asia/Jakarta, `HH:MM`; a weekday is 1 (Monday) to 7. */
export type Every = { seconds: number } | { daily: string } | { weekly: { weekday: number; at: string } }

/** Regular work of the whole service: done by one replica at a time, found due in Postgres, with Valkey or without. */
export type Timed = {
  /** Names its row, in logs and metrics. */
  what: string
  /** Read whenever the next time is set: a changed setting is in force from the next time on. */
  every(ctx: Ctx): Every
  /** A worker that died is followed after this; work that takes longer may run twice at once, and must bear it. */
  leaseSeconds?: number
  run(ctx: Ctx): Promise<unknown>
}

const LEASE_SECONDS = 120
const RETRY_SECONDS = 30
const RETRY_MOST_SECONDS = 1800

type Claimed = { what: string; fence: string; failures: number }

/** Runs whatever is due and waits for it. Answers how many it ran. */
export async function runTimed(ctx: Ctx, timed: readonly Timed[]): Promise<number> {
  const claimed = await claimDue(ctx, timed)
  await Promise.all(claimed.map((row) => run(ctx, timed, row)))
  return claimed.length
}

/** The same for a sweep: what takes long is not waited for, and nothing is begun twice here. */
export function startTimetable(ctx: Ctx, timed: readonly Timed[]): { turn(): Promise<void>; stop(deadlineMs: number): Promise<void> } {
  const running = new Map<string, Promise<void>>()
  return {
    async turn() {
      for (const row of await claimDue(ctx, timed.filter(({ what }) => !running.has(what)))) {
        running.set(row.what, run(ctx, timed, row).finally(() => running.delete(row.what)))
      }
    },
    async stop(deadlineMs) {
      if (!(await within(deadlineMs, Promise.all(running.values())))) ctx.log.warn({ running: [...running.keys()] }, 'regular work did not end in time')
    },
  }
}

// One statement: rows that nobody has yet are made (regular work is due at once, work with a time of its own at that time).
async function claimDue(ctx: Ctx, timed: readonly Timed[]): Promise<Claimed[]> {
  if (timed.length === 0) return []
  const names = JSON.stringify(timed.map(({ what, leaseSeconds }) => ({ what, lease: leaseSeconds ?? LEASE_SECONDS })))
  const { rows } = await ctx.sql.execute<Claimed>(sql`
    with wanted as (select * from jsonb_to_recordset(${names}::jsonb) as r(what text, lease integer)),
    due as materialized (
      select t.what from timetable t join wanted w using (what)
      where t.due_at <= app_now() and (t.claimed_until is null or t.claimed_until <= app_now()) for update of t skip locked)
    update timetable t set claimed_until = app_now() + make_interval(secs => w.lease), started_at = clock_timestamp()
    from due join wanted w using (what) where t.what = due.what
    returning t.what, t.started_at::text as fence, t.failures`)
  if (rows.length === 0 && timed.some(({ what }) => known.get(ctx.pool)?.has(what) !== true)) await addMissing(ctx, timed)
  return rows
}

/** What stands in the table already, of each pool: a row is never removed. */
const known = new WeakMap<Ctx['pool'], Set<string>>()

async function addMissing(ctx: Ctx, timed: readonly Timed[]): Promise<void> {
  const there = known.get(ctx.pool) ?? new Set<string>()
  known.set(ctx.pool, there)
  for (const work of timed) {
    const { what } = work
    if (there.has(what)) continue
    const when = work.every(ctx)
    await ctx.sql.execute(sql`insert into timetable (what, due_at) values (${what}, ${'seconds' in when ? sql`app_now()` : nextTime(when)}) on conflict do nothing`)
    there.add(what)
  }
}

async function run(ctx: Ctx, timed: readonly Timed[], row: Claimed): Promise<void> {
  const work = timed.find(({ what }) => what === row.what)!
  try {
    await ctx.tracing.run(`timed ${row.what}`, 'consumer', async () => work.run(ctx))
    await finish(ctx, row, sql`failures = 0, due_at = ${nextTime(work.every(ctx))}`)
  } catch (error) {
    ctx.metrics.sweepErrors.inc({ what: row.what })
    ctx.log.error({ err: error, work: row.what, failures: row.failures + 1 }, 'regular work failed')
    const afterSeconds = Math.min(RETRY_SECONDS * 2 ** row.failures, RETRY_MOST_SECONDS)
    // Never later than its next time: what comes every minute is not made rarer by failing.
    await finish(ctx, row, sql`failures = failures + 1, due_at = least(${nextTime(work.every(ctx))}, app_now() + make_interval(secs => ${afterSeconds}))`)
      .catch((unmarked: unknown) => ctx.log.warn({ err: unmarked, work: row.what }, 'the failure could not be noted; the lease runs out'))
  }
}

// The start is the fence: a worker that was stopped beyond its lease changes nothing of who followed.
async function finish(ctx: Ctx, row: Claimed, next: SQL): Promise<void> {
  await ctx.sql.execute(sql`
    update timetable set ${next}, claimed_until = null, finished_at = app_now() where what = ${row.what} and started_at = ${row.fence}::timestamptz`)
}

function nextTime(every: Every): SQL {
  if ('seconds' in every) return sql`app_now() + make_interval(secs => ${every.seconds})`
  const at = 'daily' in every ? every.daily : every.weekly.at
  const weekday = 'daily' in every ? null : every.weekly.weekday
  return sql`(
    select min(at) from (
      select ((app_now() at time zone 'Asia/Jakarta')::date + ahead + ${at}::time) at time zone 'Asia/Jakarta' as at,
        extract(isodow from (app_now() at time zone 'Asia/Jakarta')::date + ahead) as isodow
      from generate_series(0, 7) ahead) days
    where at > app_now() and (${weekday}::integer is null or isodow = ${weekday}::integer))`
}
