import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { NO_HOURS, sumHours, type Days, type Hours } from '../mitras/index.ts'
import type { Answers, MitraReport, ReportSums } from './contract.ts'
import { countAnswers, NO_ANSWERS } from './count-answers.ts'

const DAYS_MOST = 92

/** The days that are asked for, both within; without them today in Asia/Jakarta. Throws `validation_failed` above 92. */
export async function daysOfReport(handle: Queryable, asked: { from?: string | undefined; to?: string | undefined }): Promise<Days> {
  const to = asked.to ?? asked.from ?? (await handle.execute<{ day: string }>(sql`select (app_now() at time zone 'Asia/Jakarta')::date::text as day`)).rows[0]!.day
  const from = asked.from ?? to
  const count = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1
  if (count < 1 || count > DAYS_MOST) throw new AppError('validation_failed', `Ask for 1 to ${DAYS_MOST} days.`)
  return { from, to }
}

/** A mitra's hours and answers, day by day and together: two statements. */
export async function reportMitra(handle: Queryable, mitraId: string, days: Days): Promise<MitraReport> {
  const [hours, answers] = await Promise.all([sumHours(handle, [mitraId], days, 'day'), countAnswers(handle, [mitraId], days, 'day')])
  const [own, ownAnswers] = [hours.get(mitraId), answers.get(mitraId)]
  return {
    ...days,
    days: namesOf(days).map((day) => ({ day, ...sums(own?.get(day), ownAnswers?.get(day)) })),
    total: sums(together(own), ownAnswers?.get('')),
  }
}

/** The same of many over all days together, by their id. */
export async function reportMitras(handle: Queryable, mitraIds: readonly string[], days: Days): Promise<Map<string, ReportSums>> {
  const [hours, answers] = await Promise.all([sumHours(handle, mitraIds, days, 'range'), countAnswers(handle, mitraIds, days, 'range')])
  return new Map(mitraIds.map((id) => [id, sums(hours.get(id)?.get(''), answers.get(id)?.get(''))]))
}

function sums(hours: Hours = NO_HOURS, answers: Answers = NO_ANSWERS): ReportSums {
  return { onlineSeconds: hours.online / 1000, busySeconds: hours.busy / 1000, servedSeconds: hours.served / 1000, ...answers }
}

// In whole milliseconds: what the days say adds up to it.
function together(byDay: ReadonlyMap<string, Hours> | undefined): Hours {
  return [...byDay?.values() ?? []].reduce((total, day) => ({ online: total.online + day.online, busy: total.busy + day.busy, served: total.served + day.served, break: total.break + day.break }), NO_HOURS)
}

function namesOf({ from, to }: Days): string[] {
  const count = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1
  return Array.from({ length: count }, (_, index) => new Date(Date.parse(from) + index * 86_400_000).toISOString().slice(0, 10))
}
