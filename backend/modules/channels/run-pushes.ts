import type { Ctx } from '../../platform/ctx.ts'
import { sql, type SQL } from '../../platform/drizzle.ts'
import { areClaimable, claimPushes } from './claim-pushes.ts'
import { isWorkedAt, takeHand } from './hands.ts'
import type { Priority } from './kinds.ts'
import { queueOfLane } from './lanes.ts'
import { claimLimit, heldSeconds, wakeAfterHold } from './project-limit.ts'
import type { PushHooks } from './push-hooks.ts'
import { sendBatch } from './send-batch.ts'

/**
 * Pushes of one claim, and of one call where each has one device; as many as FCM answers at once on a connection. What is
 * begun and waits in this process waits on FCM's time: on a slow machine a whole crowd ran out of it, and was tried again.
 */
export const PUSH_BATCH = 100
/** Workers have their chance first while Valkey is up. */
const WAITED_SECONDS = 2

/** `most`: pushes of a batch; `stopping`: once it is aborted no batch is begun, by who has waited for a hand either. */
type Limits = { most?: number; stopping?: AbortSignal }

/**
 * Sends due pushes of a lane: one batch. Where that was full the lane is woken again before it is sent, so that whoever
 * has a hand free goes on meanwhile. Answers how many it took. While staff have closed pushes the rows wait: what is stale
 * when they open again is dropped as ever.
 */
export async function drainPushes(ctx: Ctx, lane: Priority, hooks: PushHooks = {}, { most = PUSH_BATCH, stopping }: Limits = {}): Promise<number> {
  return await withHand(ctx, lane, stopping, async (giveBack) => {
    if (wakeAfterHold(ctx, lane)) return 0
    const limit = claimLimit(ctx, lane, most)
    const pushes = await claimPushes(ctx, lane, { waitedSeconds: 0, limit })
    if (pushes.length === 0) return 0
    const goOn = () => {
      if (pushes.length >= limit) ctx.enqueue(queueOfLane(lane), pushes[0]!.id)
    }
    // On trial nobody goes on before it is known what FCM says.
    const isTrial = limit < most
    if (!isTrial) goOn()
    await sendBatch(ctx, lane, hooks, pushes, giveBack)
    if (isTrial && !wakeAfterHold(ctx, lane)) goOn()
    return pushes.length
  })
}

/** Whether a sweep would find pushes of a lane. */
export function arePushesDue(ctx: Ctx, lane: Priority): SQL {
  if (heldSeconds(ctx, lane) > 0) return sql`false`
  return sql`(select true from pushes where ${areClaimable(lane, ctx.valkey.isUp() ? WAITED_SECONDS : 0)} order by priority, due_at limit 1)`
}

/** Sends due pushes of a lane that no worker has sent: what Valkey lost, and what is tried again. Answers how many it took. */
export async function sweepPushes(ctx: Ctx, lane: Priority, hooks: PushHooks = {}, { most = PUSH_BATCH, stopping }: Limits = {}): Promise<number> {
  const isUp = ctx.valkey.isUp()
  // Nothing is lost of a lane that is being worked at: what waits there waits for its turn.
  if (isUp && isWorkedAt(ctx, lane)) return 0
  return await withHand(ctx, lane, stopping, async (giveBack) => {
    if (heldSeconds(ctx, lane) > 0) return 0
    const limit = claimLimit(ctx, lane, most)
    const pushes = await claimPushes(ctx, lane, { waitedSeconds: isUp ? WAITED_SECONDS : 0, limit })
    if (pushes.length === 0) return 0
    // A full batch is a queue, and no sign that jobs are lost.
    if (pushes.length < limit) ctx.metrics.sweepRescues.inc({ what: 'pushes' }, pushes.length)
    // Whoever has a hand free goes on as well; on trial nobody does.
    else if (limit === most) ctx.enqueue(queueOfLane(lane), pushes[0]!.id)
    await sendBatch(ctx, lane, hooks, pushes, giveBack)
    return pushes.length
  })
}

async function withHand(ctx: Ctx, lane: Priority, stopping: AbortSignal | undefined, work: (giveBack: () => void) => Promise<number>): Promise<number> {
  const giveBack = await takeHand(ctx, lane)
  if (!giveBack) return 0
  try {
    return ctx.settings.get('pushesClosed') || stopping?.aborted === true ? 0 : await work(giveBack)
  } finally {
    giveBack()
  }
}
