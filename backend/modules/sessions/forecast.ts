import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../platform/ctx.ts'
import { readLine } from './read-line.ts'
import { simulateWaits, type Wait } from './simulate-waits.ts'

/** The waiting times of a moment. `at`: when, of the database. */
export type Forecast = { at: string; places: ReadonlyMap<string, { position: number; wait: Wait }>; joining: Wait }

/** What was told from a forecast is true for so long; who is new to the queue has another one made. */
const FRESH_MS = 1000
/** In a rush everybody who joins needs a new one: those of a quarter of a second share it. */
const APART_MS = 250
/** One always: what is drawn for somebody is then the same from one forecast to the next, and no number moves by chance. */
const SEED = 20_261_121

type Kept = { forecast: Forecast; madeMs: number }
type Making = { startedMs: number; promise: Promise<Forecast> }

const kept = new WeakMap<Ctx['pool'], Kept>()
const making = new WeakMap<Ctx['pool'], Making>()

/**
 * The waiting times as of now, for these queued sessions at least: from memory while they are fresh, and made by one at a
 * time on a replica however many ask. Who is in none of it is not queued any more.
 */
export async function forecastFor(ctx: Ctx, sessionIds: readonly string[]): Promise<Forecast> {
  const askedMs = performance.now()
  const known = kept.get(ctx.pool)
  if (known && askedMs - known.madeMs < FRESH_MS && sessionIds.every((id) => known.forecast.places.has(id))) return known.forecast
  return makeAfter(ctx, askedMs)
}

/** The waiting times of this very moment. */
export function forecastNow(ctx: Ctx): Promise<Forecast> {
  return makeAfter(ctx, performance.now())
}

// What began before it was asked for may not have seen what the asker committed: the next one has, and serves all who wait for it.
async function makeAfter(ctx: Ctx, askedMs: number): Promise<Forecast> {
  for (;;) {
    const current = making.get(ctx.pool)
    if (!current) return begin(ctx)
    if (current.startedMs >= askedMs) return current.promise
    await current.promise.catch(() => {}) // whoever asked for that one is told
  }
}

function begin(ctx: Ctx): Promise<Forecast> {
  const nowMs = performance.now()
  const startedMs = Math.max(nowMs, (kept.get(ctx.pool)?.madeMs ?? -Infinity) + APART_MS)
  const made = startedMs > nowMs ? sleep(Math.ceil(startedMs - nowMs)).then(() => make(ctx)) : make(ctx)
  const promise = made.finally(() => making.delete(ctx.pool))
  making.set(ctx.pool, { startedMs, promise })
  return promise
}

async function make(ctx: Ctx): Promise<Forecast> {
  const line = await readLine(ctx)
  const startedMs = performance.now()
  const { waits, joining } = simulateWaits(line, line.habits, { seed: SEED, offersMax: ctx.settings.get('offersMax'), holdSeconds: ctx.settings.get('queuedHoldSeconds') })
  ctx.metrics.waitForecastSeconds.observe((performance.now() - startedMs) / 1000)
  const before = line.waiting.length - line.queued.length
  const places = new Map(line.queued.map((id, index) => [id, { position: index + 1, wait: waits[before + index]! }]))
  const forecast = { at: line.at, places, joining }
  kept.set(ctx.pool, { forecast, madeMs: startedMs })
  return forecast
}
