import type { Ctx } from './ctx.ts'
import { QUEUES } from './jobs.ts'
import { QUEUE_PREFIX } from './queues.ts'

export type QueueDepth = { name: string; waiting: number; active: number; delayed: number; failed: number }

/** How many jobs lie in each queue: one round trip, no BullMQ, which waits for a Valkey that never was there. Null while it is away. */
export async function findQueueDepths(ctx: Pick<Ctx, 'valkey'>): Promise<QueueDepth[] | null> {
  const answers = await ctx.valkey.attempt(async (client) => {
    const pipeline = client.pipeline()
    for (const name of QUEUES) {
      const key = (part: string) => `${QUEUE_PREFIX}:${name}:${part}`
      pipeline.llen(key('wait')).llen(key('active')).zcard(key('delayed')).zcard(key('failed'))
    }
    const results = await pipeline.exec()
    return results?.map(([error, value]) => {
      if (error) throw error
      return Number(value)
    })
  })
  if (!answers) return null
  return QUEUES.map((name, index) => {
    const [waiting = 0, active = 0, delayed = 0, failed = 0] = answers.slice(index * 4, index * 4 + 4)
    return { name, waiting, active, delayed, failed }
  })
}

/** Puts them into the metric; away with what is not known any more. */
export async function measureQueues(ctx: Pick<Ctx, 'valkey' | 'metrics'>): Promise<void> {
  const depths = await findQueueDepths(ctx)
  if (depths === null) return ctx.metrics.queueJobs.reset()
  for (const { name: queue, ...counts } of depths) {
    for (const state of ['waiting', 'active', 'delayed', 'failed'] as const) ctx.metrics.queueJobs.set({ queue, state }, counts[state])
  }
}
