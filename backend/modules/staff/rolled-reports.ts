import type { Ctx } from '../../platform/ctx.ts'
import type { Cell } from '../../platform/csv.ts'
import type { StaffAct } from '../../platform/access.ts'
import type { DaysRange, Grouping, Rollup } from '../../platform/rollups.ts'
import { NOTICE_DAYS, sumNoticeEnds, sumNotices, type NoticeSums } from '../channels/index.ts'
import { LEDGER_DAYS, sumRevenue } from '../ledger/index.ts'
import { MITRA_HOUR_DAYS, sumHoursOfAll } from '../mitras/index.ts'
import { RATING_DAYS, sumRatings } from '../reviews/index.ts'
import { OFFER_DAYS, SESSION_DAYS, SESSION_END_DAYS, sumAnswers, sumSessionEnds, sumSessionHours, sumSessions, type SessionSums } from '../sessions/index.ts'

/** What the timetable keeps added up. */
export const ROLLUPS: readonly Rollup[] = [SESSION_DAYS, SESSION_END_DAYS, OFFER_DAYS, MITRA_HOUR_DAYS, LEDGER_DAYS, RATING_DAYS, NOTICE_DAYS]

/** A report from sums of days: `period` is the first day of a day, week or month. Hours to two places, shares in percent. */
export type RolledReport = { act: StaffAct; header: readonly string[]; rows(ctx: Ctx, days: DaysRange, group: Grouping): Promise<(readonly Cell[])[]> }

const COUNTS = ['asked', 'found', 'paid', 'served', 'ended', 'cancelled', 'expired', 'unserved', 'open', 'minutes_served', 'found_percent', 'served_percent'] as const

export const ROLLED_REPORTS: Readonly<Record<string, RolledReport>> = {
  'sessions': {
    act: 'board.read', header: ['period', ...COUNTS],
    rows: async (ctx, days, group) => (await sumSessions(ctx.sql, days, group)).map((sums) => [sums.period, ...countsOf(sums)]),
  },
  'session-hours': {
    act: 'board.read', header: ['hour', ...COUNTS],
    rows: async (ctx, days) => (await sumSessionHours(ctx.sql, days)).map((sums) => [sums.hour, ...countsOf(sums)]),
  },
  'session-ends': {
    act: 'board.read', header: ['period', 'state', 'reason', 'sessions'],
    rows: async (ctx, days, group) => (await sumSessionEnds(ctx.sql, days, group)).map(({ period, state, reason, sessions }) => [period, state, reason, sessions]),
  },
  'revenue': {
    act: 'ledger.read', header: ['period', 'received_idr', 'gross_idr', 'mitra_share_idr', 'platform_revenue_idr', 'platform_net_idr', 'tips_idr', 'promotions_idr', 'refunds_idr', 'fees_idr'],
    rows: async (ctx, days, group) => (await sumRevenue(ctx.sql, days, group)).map((sums) => [
      sums.period, sums.receivedIdr, sums.grossIdr, sums.mitraIdr, sums.platformIdr, sums.platformNetIdr, sums.tipsIdr, sums.promotionsIdr, sums.refundsIdr, sums.feesIdr,
    ]),
  },
  'mitra-hours': {
    act: 'board.read', header: ['period', 'mitras_a_day', 'online_hours', 'busy_hours', 'in_session_hours', 'break_hours', 'busy_percent'],
    rows: async (ctx, days, group) => (await sumHoursOfAll(ctx.sql, days, group)).map((sums) => [
      sums.period, sums.mitras === null ? null : round(sums.mitras, 1), hours(sums.onlineMs), hours(sums.busyMs), hours(sums.servedMs), hours(sums.breakMs), percent(sums.busyMs, sums.onlineMs),
    ]),
  },
  'answer-times': {
    act: 'board.read', header: ['period', 'offers', 'accepted', 'declined', 'missed', 'withdrawn', 'accepted_percent', 'missed_percent', 'answer_mean_seconds', 'answer_p50_seconds', 'answer_p90_seconds'],
    rows: async (ctx, days, group) => (await sumAnswers(ctx.sql, days, group)).map(({ period, accepted, declined, missed, withdrawn, meanSeconds, p50Seconds, p90Seconds }) => {
      const judged = accepted + declined + missed
      return [period, judged + withdrawn, accepted, declined, missed, withdrawn, percent(accepted, judged), percent(missed, judged), meanSeconds === null ? null : round(meanSeconds, 1), p50Seconds, p90Seconds]
    }),
  },
  'ratings': {
    act: 'board.read', header: ['period', 'ratings', 'average', 'of_1', 'of_2', 'of_3', 'of_4', 'of_5'],
    rows: async (ctx, days, group) => (await sumRatings(ctx.sql, days, group)).map(({ period, ratings, average, byScore }) => [period, ratings, round(average, 2), ...byScore]),
  },
  'notifications': {
    act: 'board.read', header: ['period', 'channel', 'kind', 'queued', 'called', 'accepted', 'delivered', 'opened', 'failed', 'dropped', 'waiting', 'accepted_percent', 'delivered_percent', 'opened_percent', 'accepted_p50_seconds', 'accepted_p90_seconds'],
    rows: async (ctx, days, group) => (await sumNotices(ctx.sql, days, group)).map(noticeRow),
  },
  'notification-ends': {
    act: 'board.read', header: ['period', 'channel', 'kind', 'state', 'reason', 'notices'],
    rows: async (ctx, days, group) => (await sumNoticeEnds(ctx.sql, days, group)).map(({ period, channel, kind, state, reason, notices }) => [period, channel, kind, state, reason, notices]),
  },
}

/** Accepted of what is decided, delivered of what was accepted, opened of what was delivered; nobody tells that of letters. */
function noticeRow({ period, channel, kind, queued, called, accepted, delivered, opened, failed, dropped, waiting, p50Seconds, p90Seconds }: NoticeSums): Cell[] {
  const told = <T>(value: T) => (channel === 'push' ? value : null)
  return [
    period, channel, kind, queued, called, accepted, told(delivered), told(opened), failed, dropped, waiting,
    percent(accepted, queued - waiting), told(percent(delivered, accepted)), told(percent(opened, delivered)), p50Seconds, p90Seconds,
  ]
}

function countsOf({ asked, found, paid, served, ended, cancelled, expired, unserved, servedMs }: SessionSums): Cell[] {
  return [asked, found, paid, served, ended, cancelled, expired, unserved, asked - ended - cancelled - expired - unserved, round(servedMs / 60_000, 1), percent(found, asked), percent(served, asked)]
}

const round = (value: number, places: number): number => Math.round(value * 10 ** places) / 10 ** places
const hours = (ms: number): number => round(ms / 3_600_000, 2)
const percent = (part: number, all: number): number | null => (all === 0 ? null : round((part / all) * 100, 1))
