import { Worker } from 'bullmq'
import { Redis } from 'iovalkey'
import type { Ctx } from './ctx.ts'
import { QUEUES, type QueueName } from './jobs.ts'
import { QUEUE_PREFIX } from './queues.ts'
import { within } from './within.ts'

/** What a job of a queue does: the id of a row (or of a task) is all that it knows. It must be idempotent by row state. */
export type JobRun = { concurrency: number; run(ctx: Ctx, id: string): Promise<unknown> }

const LOCK_MS = 30_000
const STALLED_EVERY_MS = 15_000
/** Above BullMQ's longest blocking command, so that only a Valkey that hangs meets it. */
const COMMAND_TIMEOUT_MS = 20_000
/** A connection that owes an answer for this long is cut; a blocking command takes 10 s at most. */
const SILENT_MS = 12_000
/** What a forced end may still take. */
const FORCE_MS = 500

/**
 * BullMQ's workers of this replica. While Valkey is away they wait, and go on when it is back. A job that fails is
 * done for BullMQ: its row knows its tries, and the sweep follows (an error kept in Valkey could also hold what must
 * not lie there).
 */
export function startWorkers(ctx: Ctx, jobs: Record<QueueName, JobRun>): { stop(deadlineMs: number): Promise<void> } {
  let wasReported = false
  let isStopping = false
  const report = (error: Error) => {
    if (!wasReported && !isStopping) ctx.log.warn({ err: error }, 'the workers have no Valkey, or it is unwell')
    wasReported = true
  }
  const client = new Redis(ctx.env.VALKEY_URL, {
    maxRetriesPerRequest: null, connectTimeout: 2000, commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: SILENT_MS, keepAlive: 10_000,
    retryStrategy: (times) => Math.min(times * 100, 1000),
  })
  client.on('error', report)
  client.on('ready', () => {
    wasReported = false
  })
  const running = new Set<Promise<void>>()
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>()
  const process = (name: QueueName, id: string) => {
    const run = runJob(ctx, name, jobs[name], id).finally(() => running.delete(run))
    running.add(run)
    return Promise.race([run, givenUp])
  }
  const workers = QUEUES.map((name) => {
    const worker = new Worker<{ id: string }>(name, (job) => process(name, job.data.id), {
      connection: client, prefix: QUEUE_PREFIX, ...(ctx.tracing.jobs ? { telemetry: ctx.tracing.jobs } : {}), concurrency: jobs[name].concurrency,
      lockDuration: LOCK_MS, stalledInterval: STALLED_EVERY_MS, maxStalledCount: 1, runRetryDelay: 1000,
    })
    return worker.on('error', report)
  })
  return {
    async stop(deadlineMs) {
      isStopping = true
      // Without Valkey only a forced close ends, and stops BullMQ's timers; it does not wait for jobs, so we do.
      const isAway = client.status !== 'ready'
      const closing = Promise.all([...workers.map((worker) => worker.close(isAway).catch(report)), ...running])
      const isInTime = await within(deadlineMs - FORCE_MS, closing)
      if (!isInTime) ctx.log.warn({ running: running.size }, 'the workers did not end in time: what they were at is followed after its lease')
      // A close() that hangs can't be forced any more (a second one waits for the first): what it waits for is taken away.
      giveUp()
      client.disconnect()
      if (!isInTime) await within(FORCE_MS, closing)
    },
  }
}

async function runJob(ctx: Ctx, queue: QueueName, job: JobRun, id: string): Promise<void> {
  try {
    await job.run(ctx, id)
  } catch (error) {
    ctx.metrics.jobErrors.inc({ queue })
    ctx.log.error({ err: error, queue, rowId: id }, 'a job failed')
  }
}
