import type { QueueName } from '../../platform/jobs.ts'
import { sql, type SQL } from '../../platform/drizzle.ts'
import { PRIORITIES, type Priority } from './kinds.ts'

const QUEUE_OF: Record<Priority, QueueName> = { urgent: 'pushes-urgent', high: 'pushes-high', normal: 'pushes', low: 'pushes-low' }

/**
 * Each priority is a lane with a queue, jobs and sweeps of its own: none waits for another. `normal` is the queue that
 * versions before 0049 know, and the priority of what they write.
 */
export const LANES = PRIORITIES

export function queueOfLane(lane: Priority): QueueName {
  return QUEUE_OF[lane]
}

export function priorityNumber(lane: Priority): number {
  return PRIORITIES.indexOf(lane)
}

/** What another version calls more urgent or lower than all, as far as this, is of the outer lanes. */
const BEYOND = 4

/** Of a lane, by single numbers: of a range the index would be read from end to end, with every push that is held back until the morning. */
export function isOfLane(lane: Priority): SQL {
  const number = priorityNumber(lane)
  const numbers = PRIORITIES.length - 1
  const own = Array.from({ length: numbers + 1 + 2 * BEYOND }, (_, index) => index - BEYOND).filter((one) => Math.min(Math.max(one, 0), numbers) === number)
  return own.length === 1 ? sql`priority = ${number}` : sql`priority = any(${sql.param(own)}::integer[])`
}
