/** The queues; BullMQ is there to be early, never to remember. */
export const QUEUES = ['outbox', 'inbox', 'pushes-urgent', 'pushes-high', 'pushes', 'pushes-low', 'letters', 'letters-sms', 'housekeeping'] as const
export type QueueName = (typeof QUEUES)[number]

/**
 * Wakes a worker for the row with this id. Never waits and never throws: when Valkey is away, the row's own
 * due time and the sweep find it.
 */
export type Enqueue = (queue: QueueName, rowId: string, options?: { delayMs?: number }) => void
