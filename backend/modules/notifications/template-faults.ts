import type { Ctx } from '../../platform/ctx.ts'
import { sql } from '../../platform/drizzle.ts'
import type { NoticeFault } from './render-notice.ts'
import { noticeFaults } from './tables.ts'

type Counted = Omit<typeof noticeFaults.$inferInsert, 'firstAt' | 'lastAt'> & { firstAt: Date; lastAt: Date }

/** While Postgres is away it grows by different faults alone, and there are no more of them than templates have variables. */
const DIFFERENT_MOST = 1000
const KEPT_DAYS = 90
const buffers = new WeakMap<Ctx['pool'], Map<string, Counted>>()

/** Counts, in memory, words that could not be shown: whoever tells people waits for no statement of this. Written by `flushFaults`. */
export function noteFaults(world: Pick<Ctx, 'pool' | 'clock'>, faults: readonly NoticeFault[]): void {
  if (faults.length === 0) return
  const buffer = buffers.get(world.pool) ?? new Map<string, Counted>()
  buffers.set(world.pool, buffer)
  const at = new Date(world.clock.nowMs())
  for (const { template: key, language, version, field: part, reason, variable = '' } of faults) {
    const place = [key, language, version, part, reason, variable].join(' ')
    const counted = buffer.get(place)
    if (counted) Object.assign(counted, { count: counted.count + 1, lastAt: at })
    else if (buffer.size < DIFFERENT_MOST) buffer.set(place, { key, language, version, part, reason, variable, count: 1, firstAt: at, lastAt: at })
  }
}

/** Adds what was counted since the last time to the rows, in one statement; nothing where nothing was missing. */
export async function flushFaults(ctx: Ctx): Promise<void> {
  const buffer = buffers.get(ctx.pool)
  if (!buffer || buffer.size === 0) return
  buffers.delete(ctx.pool)
  // In one order: replicas that write the same rows wait for one another, never in a circle.
  const counted = [...buffer].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  try {
    await ctx.sql.insert(noticeFaults).values(counted).onConflictDoUpdate({
      target: [noticeFaults.key, noticeFaults.language, noticeFaults.version, noticeFaults.part, noticeFaults.reason, noticeFaults.variable],
      set: { count: sql`${noticeFaults.count} + excluded.count`, lastAt: sql`greatest(${noticeFaults.lastAt}, excluded.last_at)` },
    })
  } catch (error) {
    const later = buffers.get(ctx.pool) ?? new Map<string, Counted>()
    for (const [place, one] of buffer) {
      const again = later.get(place)
      later.set(place, again ? { ...again, count: again.count + one.count, firstAt: one.firstAt } : one)
    }
    buffers.set(ctx.pool, later)
    throw error
  }
}

/** Removes what has not been missing for long. Answers how many; fewer than `limit`: that was all. */
export async function purgeFaults(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from notice_faults where (key, language, version, part, reason, variable) in (
      select key, language, version, part, reason, variable from notice_faults where last_at < app_now() - make_interval(days => ${KEPT_DAYS})
      order by last_at limit ${limit} for update skip locked)`)
  return rowCount ?? 0
}
