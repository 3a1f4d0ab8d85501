import { Queue, type Telemetry } from 'bullmq'
import { Redis } from 'iovalkey'
import type { Enqueue, QueueName } from './jobs.ts'
import type { Log } from './log.ts'

/** Everything of BullMQ lies under this in Valkey. */
export const QUEUE_PREFIX = 'jobs'
const COMMAND_TIMEOUT_MS = 1000
/** After a failure nothing is tried for this long: a Valkey that hangs costs one time-out, not one a job. */
const COOL_DOWN_MS = 1000

export type Producer = {
  enqueue: Enqueue
  /** Makes the housekeeping task run every so often, on one replica at a time. Repeating it changes nothing; a wipe takes it away. */
  schedule(task: string, everyMs: number): void
  close(): Promise<void>
}

/**
 * The producing side of BullMQ. Nothing here waits or throws: while Valkey is away a job is simply not set, and the
 * sweep of its table finds the row. Job ids are BullMQ's own: with the row's id, the retry of a row whose job still
 * runs would be taken for a repetition and lost.
 */
export function createEnqueue(url: string, log: Log, telemetry?: Telemetry): Producer {
  const client = new Redis(url, {
    lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 2000, commandTimeout: COMMAND_TIMEOUT_MS,
    keepAlive: 10_000, retryStrategy: (times) => Math.min(times * 50, 1000),
  })
  const queues = new Map<QueueName, Queue>()
  let failedAt = Number.NEGATIVE_INFINITY
  let wasReported = false
  let isClosed = false

  const report = (error: Error) => {
    if (!wasReported && !isClosed) log.warn({ err: error }, 'jobs can’t be set: the sweeps find their rows')
    wasReported = true
  }
  const isUp = () => !isClosed && client.status === 'ready' && performance.now() - failedAt > COOL_DOWN_MS
  client.on('error', report)
  client.on('ready', () => {
    wasReported = false
    failedAt = Number.NEGATIVE_INFINITY
  })
  const connecting = client.connect().catch(report)

  const queueOf = (name: QueueName) => {
    const known = queues.get(name)
    if (known) return known
    const queue = new Queue(name, {
      connection: client, prefix: QUEUE_PREFIX, ...(telemetry ? { telemetry } : {}), streams: { events: { maxLen: 100 } }, // nobody listens to the events
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: { age: 3600, count: 1000 } },
    })
    queue.on('error', report)
    queues.set(name, queue)
    return queue
  }
  // A Queue whose first words to Valkey failed never works again: the next job makes a new one.
  const fail = (name: QueueName, queue: Queue, error: Error) => {
    failedAt = performance.now()
    report(error)
    if (queues.get(name) !== queue) return
    queues.delete(name)
    queue.close().catch(report)
    // It hangs, or the way to it is cut without a word: only a new connection finds out when that is over.
    if (error.message === 'Command timed out') client.disconnect(true)
  }
  const withQueue = (name: QueueName, work: (queue: Queue) => Promise<unknown>) => {
    if (!isUp()) return
    const queue = queueOf(name)
    work(queue).catch((error: Error) => fail(name, queue, error))
  }

  return {
    enqueue(name, rowId, options = {}) {
      withQueue(name, (queue) => queue.add(name, { id: rowId }, options.delayMs ? { delay: Math.ceil(options.delayMs) } : {}))
    },
    schedule(task, everyMs) {
      withQueue('housekeeping', (queue) => queue.upsertJobScheduler(task, { every: everyMs }, { name: 'housekeeping', data: { id: task } }))
    },
    async close() {
      isClosed = true
      client.disconnect()
      await connecting
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => {})))
    },
  }
}
