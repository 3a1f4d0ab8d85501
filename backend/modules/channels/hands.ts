import type { Ctx } from '../../platform/ctx.ts'
import type { Priority } from './kinds.ts'

/** Batches of a lane that a replica has in hand at most. */
const HANDS = 4

type Lane = { busy: number; next: (() => void) | undefined }
/** By replica; tests run several in one process. */
const lanes = new WeakMap<Ctx['pool'], Map<Priority, Lane>>()

function laneOf(ctx: Ctx, lane: Priority): Lane {
  const known = lanes.get(ctx.pool) ?? new Map<Priority, Lane>()
  lanes.set(ctx.pool, known)
  const own = known.get(lane) ?? { busy: 0, next: undefined }
  known.set(lane, own)
  return own
}

/** Whether this replica has a batch of the lane in hand: then it goes on by itself, whatever waits in it. */
export function isWorkedAt(ctx: Ctx, lane: Priority): boolean {
  return laneOf(ctx, lane).busy > 0
}

/** Waits for a free hand, and answers what gives it back. Undefined: somebody waits already, and will do whatever there is. */
export async function takeHand(ctx: Ctx, lane: Priority): Promise<(() => void) | undefined> {
  const own = laneOf(ctx, lane)
  if (own.busy < HANDS) own.busy += 1
  else if (own.next) return undefined
  else await new Promise<void>((resolve) => (own.next = resolve))
  let isHeld = true
  return () => {
    if (!isHeld) return
    isHeld = false
    const { next } = own
    own.next = undefined
    if (next) next()
    else own.busy -= 1
  }
}
