import { sql, type SQL } from './drizzle.ts'
import type { Ctx, Tx } from './ctx.ts'
import { transact, type Queryable, type Sql } from './database.ts'

/** Sums of whole days in Asia/Jakarta that a module keeps in a table of its own, beside how they are read from what happened. */
export type Rollup = {
  /** Its row in `rollups`; triggers name changed days by it. */
  name: string
  /** Its table: `day`, and these columns. */
  table: string
  columns: readonly string[]
  /** The first day of which anything is known, as a scalar query; null where nothing has happened yet. */
  first: SQL
  /** What it sums up is removed after some time: days before `first` stay as they were added up then, and are never read anew. */
  isPurged?: true
  /** The columns, of what happened between `from` and `until` (without it), for a day whose name is `d.day`. Grouped. */
  ofDay(from: SQL, until: SQL): SQL
}

export type DaysRange = { from: string; until: string }

export type Grouping = 'day' | 'week' | 'month'

/** The first day of the period in which `day` is; weeks begin on Monday. */
export const periodOf = (group: Grouping): SQL => sql`date_trunc(${sql.raw(`'${group}'`)}, day::timestamp)::date::text`

/** A transaction takes 30 s at most: after this nothing can come into a day that is over. */
const MARGIN_MINUTES = 5
const DAYS_OF_STEP = 31

const ident = (name: string): SQL => sql.raw(`"${name}"`)
/** The first day that can be read anew; null: each can. */
const keptFrom = ({ first, isPurged }: Rollup): SQL => (isPurged ? sql`(${first})` : sql`null::date`)
const columnsOf = ({ columns }: Rollup): SQL => sql.join(columns.map(ident), sql`, `)

/** `day` and the columns, read from what happened on these days: a day at a time, each along its index. */
export function liveRows(rollup: Rollup, days: readonly string[]): SQL {
  const midnight = (day: SQL) => sql`(${day}::timestamp at time zone 'Asia/Jakarta')`
  return sql`select d.day, l.* from unnest(${sql.param([...days])}::date[]) d(day) cross join lateral (${rollup.ofDay(midnight(sql`d.day`), midnight(sql`(d.day + 1)`))}) l`
}

/**
 * `day` and the columns of these days (both within), as a query to be summed up: what is added up already, and what is not
 * (today, days that have changed since) as it stands. Right to the last commit, whatever of the sums is behind.
 */
export async function rowsOfRollup(handle: Queryable, rollup: Rollup, { from, until }: DaysRange): Promise<SQL> {
  const { rows } = await handle.execute<{ day: string }>(sql`
    with state as (select (select rolled_until from rollups where name = ${rollup.name}) as rolled_until, (app_now() at time zone 'Asia/Jakarta')::date as today),
    open as (select greatest(${from}::date, coalesce(rolled_until, (${rollup.first}), today)) as from_day, least(${until}::date, today) as until_day from state)
    select day::date::text as day from open, generate_series(from_day, until_day, interval '1 day') day
    union
    select day::date::text from rollup_changes c, generate_series(greatest(c.from_day, ${from}::date, ${keptFrom(rollup)}), least(c.until_day, ${until}::date), interval '1 day') day where c.rollup = ${rollup.name}`)
  const live = rows.map((row) => row.day)
  return sql`(
    select day, ${columnsOf(rollup)} from ${ident(rollup.table)} where day between ${from}::date and ${until}::date and not (day = any(${sql.param(live)}::date[]))
    union all select day, ${columnsOf(rollup)} from (${liveRows(rollup, live)}) live)`
}

/**
 * Adds up the days that are over and those that have changed. Each step is one transaction under the roll-up's row: however
 * many do it, and wherever one dies, a day is replaced as a whole and never added to. Answers how many days it added up.
 */
export async function refreshRollup(ctx: Ctx, rollup: Rollup): Promise<number> {
  let total = 0
  for (;;) {
    const days = await transact(ctx, (tx) => addUp(tx, rollup))
    total += days
    if (days < DAYS_OF_STEP) return total
  }
}

/** Forgets all sums: the next turn adds up from nothing. Reports stay right meanwhile, they only take longer. */
export async function forgetSums(handle: Sql, rollup: Rollup): Promise<void> {
  await handle.transaction(async (tx) => {
    await lockRollup(tx, rollup)
    await tx.execute(sql`update rollups set rolled_until = null where name = ${rollup.name}`)
    await tx.execute(sql`delete from rollup_changes where rollup = ${rollup.name}`)
    await tx.execute(sql`delete from ${ident(rollup.table)} where day >= coalesce(${keptFrom(rollup)}, '-infinity')`)
  })
}

async function lockRollup(handle: Queryable, { name }: Rollup): Promise<string | null> {
  await handle.execute(sql`insert into rollups (name) values (${name}) on conflict do nothing`)
  const { rows } = await handle.execute<{ rolled_until: string | null }>(sql`select rolled_until::text from rollups where name = ${name} for update`)
  return rows[0]!.rolled_until
}

async function addUp(tx: Tx, rollup: Rollup): Promise<number> {
  const rolledUntil = await lockRollup(tx.sql, rollup)
  // Taken before the sums are read: a change that is committed after this leaves a row that stays. One that is under way
  // holds its row, which is for the next turn: while many change a day without a pause, reports read it as it stands.
  const { rows: changed } = await tx.sql.execute<{ day: string }>(sql`
    with taken as (delete from rollup_changes where id = any(array(select id from rollup_changes where rollup = ${rollup.name} for update skip locked)) returning from_day, until_day)
    select distinct day::date::text as day from taken, generate_series(greatest(from_day, ${keptFrom(rollup)}), least(until_day, ${rolledUntil}::date - 1), interval '1 day') day
    where ${rolledUntil}::date is not null order by 1`)
  const { rows: over } = await tx.sql.execute<{ day: string }>(sql`
    select day::date::text as day from generate_series(coalesce(${rolledUntil}::date, (${rollup.first})),
      ((app_now() - make_interval(mins => ${MARGIN_MINUTES})) at time zone 'Asia/Jakarta')::date - 1, interval '1 day') day order by 1 limit ${DAYS_OF_STEP}`)
  const days = [...changed, ...over].map((row) => row.day).slice(0, DAYS_OF_STEP)
  if (days.length === 0) return 0
  await putOff(tx, rollup, changed.map((row) => row.day).slice(DAYS_OF_STEP))
  await tx.sql.execute(sql`delete from ${ident(rollup.table)} where day = any(${sql.param(days)}::date[])`)
  await tx.sql.execute(sql`insert into ${ident(rollup.table)} (day, ${columnsOf(rollup)}) ${liveRows(rollup, days)}`)
  const last = days.at(-1)!
  if (rolledUntil === null || last >= rolledUntil) await tx.sql.execute(sql`update rollups set rolled_until = ${last}::date + 1 where name = ${rollup.name}`)
  return days.length
}

// What one step can't do stays told.
async function putOff(tx: Tx, { name }: Rollup, days: readonly string[]): Promise<void> {
  if (days.length > 0) await tx.sql.execute(sql`insert into rollup_changes (rollup, from_day, until_day) select ${name}, day, day from unnest(${sql.param([...days])}::date[]) day`)
}
