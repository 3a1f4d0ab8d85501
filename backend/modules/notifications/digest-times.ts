import { wallClock, type Reach } from '../channels/index.ts'
import { localDay, momentOf } from './schedule-times.ts'

const AT = '08:00'
/** Later in the day nobody wants what was meant for the morning: it waits for the next one. */
const LATE_MS = 4 * 3_600_000
const MONDAY = 1

/** The next 08:00 of a clock there, in milliseconds; after `nowMs`, never at it. Where the clock leaves it out, the hour after the gap. */
export function nextMorning(nowMs: number, timeZone: string): number {
  const today = momentOf({ day: localDay(nowMs, timeZone, 0), time: AT }, timeZone)
  return today > nowMs ? today : momentOf({ day: localDay(nowMs, timeZone, 1), time: AT }, timeZone)
}

/**
 * What is to be done with a digest that is due: `tell` of what stands unread, `pass` over it (nobody wants to be told of
 * it later either) or `wait`, so that the next one tells of it too. `day` is the one there.
 */
export function judgeDigest(due: { dueMs: number | undefined; day: string | undefined; nowMs: number }, reach: Pick<Reach, 'timeZone' | 'emailDigest' | 'erased' | 'email'>): { what: 'tell' | 'pass' | 'wait'; day: string } {
  const { dueMs, nowMs } = due
  const day = localDay(nowMs, reach.timeZone, 0)
  if (dueMs === undefined || reach.emailDigest === 'none' || reach.erased || !reach.email) return { what: 'pass', day }
  const lateMs = nowMs - momentOf({ day, time: AT }, reach.timeZone)
  // By their clock, which may be another than it was planned by, and by the plan: after days without mail not all at once.
  const isMorning = lateMs >= 0 && lateMs <= LATE_MS && nowMs - dueMs <= LATE_MS
  const isDay = reach.emailDigest === 'daily' || wallClock(nowMs, reach.timeZone).dayOfWeek === MONDAY
  // Who flew over the date line has the same day twice.
  const isToldOf = due.day !== undefined && due.day >= day
  return { what: isMorning && isDay && !isToldOf ? 'tell' : 'wait', day }
}
