import { Temporal } from 'temporal-polyfill'
import { wallClock } from '../channels/index.ts'

/** When something is to be told: at a moment, or at a time of the person's own wall clock, some days after today there. */
export type When = { at: Date } | { inDays: number; time: string }
/** A day and a time (`HH:MM`) of a wall clock. */
export type LocalTime = { day: string; time: string }

/** The day that it is `inDays` days from now where the person is. */
export function localDay(nowMs: number, timeZone: string, inDays: number): string {
  return wallClock(nowMs, timeZone).toPlainDate().add({ days: inDays }).toString()
}

/** When a wall clock there shows it, in milliseconds; the first time where it does so twice, after the gap where it never does. */
export function momentOf({ day, time }: LocalTime, timeZone: string): number {
  const zone = wallClock(0, timeZone).timeZoneId // one that is not known has become another
  return Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds
}
