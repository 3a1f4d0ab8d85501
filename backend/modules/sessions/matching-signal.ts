import type { Ctx } from '../../platform/ctx.ts'

const listeners = new WeakMap<object, () => void>()

/** Says that a slot came free or somebody waits. Never waits; a replica without a worker leaves it to the others' sweep. */
export function signalMatching(ctx: Ctx): void {
  listeners.get(ctx.pool)?.()
}

/** One listener a replica: its matching loop. */
export function onMatchingSignal(ctx: Ctx, listener: () => void): void {
  listeners.set(ctx.pool, listener)
}
