import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../platform/ctx.ts'
import { findDifferences, findStillDiffering } from './mirror-compare.ts'
import { DRIFT_FOUND, DRIFT_TURN } from './mirror-keys.ts'
import { seedFromPostgres } from './mirror-seed.ts'

/** A change that was committed just now is on its way to the mirror for less than this. */
const ON_ITS_WAY_MS = 250

/**
 * Compares the mirror with Postgres: the metric `mirror_drift` is the number of mitras that differ and go on differing;
 * those are healed by a rebuild. One replica measures each time, the others show what it found.
 * Answers the drift, or undefined when it was not measured here.
 */
export async function measureDrift(ctx: Ctx): Promise<number | undefined> {
  const everyMs = ctx.settings.get('driftCheckSeconds') * 1000
  const turn = await ctx.valkey.attempt((client) => client.set(DRIFT_TURN, '1', 'PX', Math.round(everyMs * 0.9), 'NX'))
  if (turn === undefined) return undefined
  if (turn === null) return showFound(ctx)
  const differences = await findDifferences(ctx)
  if (differences === undefined) return undefined
  if (differences.length > 0) await sleep(ON_ITS_WAY_MS)
  const persisting = differences.length > 0 ? await findStillDiffering(ctx, differences) : []
  if (persisting === undefined) return undefined
  ctx.metrics.mirrorDrift.set(persisting.length)
  await ctx.valkey.attempt((client) => client.set(DRIFT_FOUND, String(persisting.length), 'PX', everyMs * 3))
  if (persisting.length > 0) {
    ctx.log.warn({ drift: persisting.length }, 'the mirror differed from Postgres and is rebuilt')
    await seedFromPostgres(ctx)
  }
  return persisting.length
}

async function showFound(ctx: Ctx): Promise<undefined> {
  const found = await ctx.valkey.attempt((client) => client.get(DRIFT_FOUND))
  if (typeof found === 'string') ctx.metrics.mirrorDrift.set(Number(found))
}
