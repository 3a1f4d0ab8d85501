import { Temporal } from 'temporal-polyfill'

/** Times of the person's wall clock, `HH:MM`; over midnight where `to` is the smaller. The same twice: none. */
export type QuietHours = { from: string; to: string }

/** Where a name is not known to this build: data of time zones differ between machines. */
const FALLBACK_ZONE = 'Asia/Jakarta'
const DAY_MINUTES = 1440
const MINUTE_MS = 60_000
/** A transition that ends nothing is stepped over; no zone has more of them in a day. */
const TRANSITIONS_MAX = 4

/**
 * When the quiet hours that hold now end, in milliseconds; undefined while there are none. Quiet is what the clock on
 * the person's wall shows: an hour that it shows twice is quiet both times, one that it leaves out is not waited for.
 */
export function quietUntil(nowMs: number, timeZone: string, quiet: QuietHours): number | undefined {
  const from = minuteOf(quiet.from)
  const to = minuteOf(quiet.to)
  let at = wallClock(nowMs, timeZone)
  if (!isWithin(at, from, to)) return undefined
  for (let step = 0; step < TRANSITIONS_MAX; step++) {
    const end = endBySteadyClock(at, to)
    if (end.offsetNanoseconds === at.offsetNanoseconds) return end.epochMilliseconds
    const change = at.getTimeZoneTransition('next')
    if (change === null || change.epochMilliseconds > end.epochMilliseconds) return end.epochMilliseconds
    if (!isWithin(change, from, to)) return change.epochMilliseconds
    at = change
  }
  return endBySteadyClock(at, to).epochMilliseconds
}

/** The moment as the person's wall clock shows it. */
export function wallClock(ms: number, timeZone: string): Temporal.ZonedDateTime {
  const instant = Temporal.Instant.fromEpochMilliseconds(ms)
  try {
    return instant.toZonedDateTimeISO(timeZone)
  } catch {
    return instant.toZonedDateTimeISO(FALLBACK_ZONE)
  }
}

function endBySteadyClock(at: Temporal.ZonedDateTime, to: number): Temporal.ZonedDateTime {
  const minute = at.hour * 60 + at.minute
  const leftMinutes = (to - minute + DAY_MINUTES) % DAY_MINUTES
  const startOfMinuteMs = Math.floor(at.epochMilliseconds / MINUTE_MS) * MINUTE_MS
  return Temporal.Instant.fromEpochMilliseconds(startOfMinuteMs + leftMinutes * MINUTE_MS).toZonedDateTimeISO(at.timeZoneId)
}

function isWithin(at: Temporal.ZonedDateTime, from: number, to: number): boolean {
  const minute = at.hour * 60 + at.minute
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}
