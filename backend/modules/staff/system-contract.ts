import { z } from 'zod'
import { QUEUES } from '../../platform/jobs.ts'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const queueName = z.enum(QUEUES)

export const systemReply = z.object({
  replica: z.object({ host: z.string(), pid: z.number().int(), version: z.string(), uptimeSeconds: z.number().int(), environment: z.string() }),
  /** All that said lately that they live, and those that stopped saying so. */
  replicas: z.array(z.object({ id, host: z.string(), pid: z.number().int(), version: z.string(), settingsVersion: z.number().int(), startedAt: time, seenAt: time, isAlive: z.boolean() })),
  versions: z.object({ node: z.string(), postgres: z.string(), schema: z.number().int() }),
  postgres: z.object({ status: z.string(), poolTotal: z.number().int(), poolIdle: z.number().int(), poolWaiting: z.number().int() }),
  valkey: z.object({ status: z.enum(['up', 'down']) }),
  /** Null while Valkey is away. */
  queues: z.array(z.object({ name: z.string(), waiting: z.number().int(), active: z.number().int(), delayed: z.number().int(), failed: z.number().int() })).nullable(),
  outbox: z.object({ waiting: z.number().int(), oldestSeconds: z.number(), oldestDueAt: time.nullable(), parked: z.number().int() }),
  inbox: z.object({ waiting: z.number().int(), parked: z.number().int() }),
  mirror: z.object({ drift: z.number() }),
  /** What the checker found last, on whichever replica; null before its first run. */
  ledger: z.object({ checkedAt: time, tookMs: z.number().int(), driftIdr: z.number().int(), problems: z.number().int() }).nullable(),
})
export type SystemReply = z.output<typeof systemReply>
export const reseedReply = z.object({ reseeded: z.literal(true) })

/** Work that was given up after its last try; `ids` names the rows that it is about. */
export const deadWork = z.object({ id, topic: z.string(), ids: z.record(z.string(), z.string()), attempts: z.number().int(), error: z.string().nullable(), createdAt: time, parkedAt: time })
export type DeadWork = z.output<typeof deadWork>
export const deadWorkList = z.object({ items: z.array(deadWork), nextCursor: z.string().nullable() })
export const deadWorkQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(), topic: z.string().min(1).max(100).optional() })
export const retryWorkBody = z.strictObject({ reason })
export const retryWorkReply = z.object({ id: z.string(), retried: z.literal(true) })

export const failedJob = z.object({ queue: queueName, id: z.string(), rowId: z.string().nullable(), reason: z.string().nullable(), attempts: z.number().int(), failedAt: time.nullable() })
export type FailedJobView = z.output<typeof failedJob>
export const failedJobList = z.object({ items: z.array(failedJob), nextCursor: z.null() })
export const jobParams = z.strictObject({ id: z.string().min(1).max(200) })
export const retryJobBody = z.strictObject({ queue: queueName, reason })
