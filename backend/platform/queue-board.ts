import { Queue } from 'bullmq'
import { Redis } from 'iovalkey'
import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'
import { QUEUES, type QueueName } from './jobs.ts'
import { QUEUE_PREFIX } from './queues.ts'
import { within } from './within.ts'

export type FailedJob = { queue: QueueName; id: string; rowId: string | null; reason: string | null; attempts: number; failedAt: Date | null }

/** What staff look at of the queues. Everything throws `not_ready` while Valkey is away, or when it does not answer in time. */
export type QueueBoard = {
  /** Runs `work` with the queues, ready to be asked. */
  use<T>(work: (queues: readonly Queue[]) => Promise<T>): Promise<T>
  /** The newest first, at most a hundred of each queue. */
  findFailed(): Promise<FailedJob[]>
  findJob(queue: QueueName, id: string): Promise<FailedJob | undefined>
  /** Puts a failed job back into its queue; false where it has not failed (any more). */
  retry(queue: QueueName, id: string): Promise<boolean>
  stop(): Promise<void>
}

const COMMAND_TIMEOUT_MS = 1000
const ANSWER_MS = 3000
const LISTED = 100

type Opened = { client: Redis; queues: Queue[] }

/**
 * The reading side of BullMQ, opened with the first question: nearly no process is ever asked. A Queue whose first words
 * to Valkey failed never works again, so after any failure new ones are made.
 */
export function createQueueBoard(ctx: Pick<Ctx, 'env' | 'valkey' | 'log'>): QueueBoard {
  let opened: Opened | undefined
  const away = () => new AppError('not_ready', 'Valkey is away: nothing is known of the queues. What they were to do is done by sweeps.', { retryAfterSeconds: 2 })
  const report = (error: Error) => ctx.log.debug({ err: error }, 'the board of the queues has no Valkey')
  const open = (): Opened => {
    const client = new Redis(ctx.env.VALKEY_URL, { maxRetriesPerRequest: 1, connectTimeout: 2000, commandTimeout: COMMAND_TIMEOUT_MS, retryStrategy: () => null })
    client.on('error', report)
    const queues = QUEUES.map((name) => new Queue(name, { connection: client, prefix: QUEUE_PREFIX }).on('error', report))
    return { client, queues }
  }
  const drop = async () => {
    const last = opened
    opened = undefined
    if (!last) return
    last.client.disconnect()
    await Promise.all(last.queues.map((queue) => queue.close().catch(report)))
  }
  const use = async <T>(work: (queues: readonly Queue[]) => Promise<T>): Promise<T> => {
    if (!ctx.valkey.isUp()) throw away()
    opened ??= open()
    const answer = work(opened.queues)
    try {
      if (await within(ANSWER_MS, answer)) return await answer
    } catch (error) {
      report(error as Error)
    }
    answer.catch(report)
    void drop()
    throw away()
  }
  const of = (queues: readonly Queue[], name: QueueName) => queues[QUEUES.indexOf(name)]!
  return {
    use,
    findFailed: () => use(async (queues) => {
      const jobs = await Promise.all(QUEUES.map(async (name) => (await of(queues, name).getFailed(0, LISTED - 1)).map((job) => viewOf(name, job))))
      return jobs.flat().toSorted((a, b) => (b.failedAt?.getTime() ?? 0) - (a.failedAt?.getTime() ?? 0))
    }),
    findJob: (name, id) => use(async (queues) => {
      const job = await of(queues, name).getJob(id)
      return job && (await job.isFailed()) ? viewOf(name, job) : undefined
    }),
    retry: (name, id) => use(async (queues) => {
      const job = await of(queues, name).getJob(id)
      if (!job || !(await job.isFailed())) return false
      try {
        await job.retry('failed')
        return true
      } catch (error) {
        // Somebody else was quicker.
        if (await job.isFailed()) throw error
        return false
      }
    }),
    stop: drop,
  }
}

type Job = NonNullable<Awaited<ReturnType<Queue['getJob']>>>

function viewOf(queue: QueueName, job: Job): FailedJob {
  const { id } = job.data as { id?: unknown } // what every job of ours has; another version's may not
  return {
    queue, id: job.id ?? '', rowId: typeof id === 'string' ? id : null, reason: job.failedReason?.slice(0, 300) ?? null, attempts: job.attemptsMade,
    failedAt: job.finishedOn === undefined ? null : new Date(job.finishedOn),
  }
}
