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

/** Of a lane, as `pushes_lane` is ordered. What another version calls more urgent or lower than all is of the outer lanes. */
export function isOfLane(lane: Priority): SQL {
  const number = priorityNumber(lane)
  if (number === 0) return sql`priority <= 0`
  return number === PRIORITIES.length - 1 ? sql`priority >= ${number}` : sql`priority = ${number}`
}
