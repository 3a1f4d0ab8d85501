import type { Act } from '../../../../backend/modules/staff/contract.ts'

/** How a report is drawn: `x` names the column below, `lines` the columns that are drawn; `only` rows that have this in a column. */
export type Drawing = { kind: 'line' | 'bar'; x: string; lines: readonly string[]; isStacked?: boolean; only?: Readonly<Record<string, string>> }
/** `group`: whether it goes by days, weeks or months. `daysMost`: the longest range that the server takes. */
export type Report = { name: ReportName; act: Act; group: boolean; daysMost: number; drawing?: Drawing }

const TEN_YEARS = 3660
export const REPORTS = [
  { name: 'sessions', act: 'board.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'line', x: 'period', lines: ['asked', 'found', 'paid', 'served'] } },
  { name: 'session-hours', act: 'board.read', group: false, daysMost: TEN_YEARS, drawing: { kind: 'bar', x: 'hour', lines: ['asked', 'served'] } },
  { name: 'session-ends', act: 'board.read', group: true, daysMost: TEN_YEARS },
  { name: 'waiting-times', act: 'board.read', group: false, daysMost: 400, drawing: { kind: 'line', x: 'day', lines: ['within_p50_percent', 'within_p90_percent'], only: { place: 'first told' } } },
  { name: 'mitra-hours', act: 'board.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'line', x: 'period', lines: ['online_hours', 'in_session_hours', 'break_hours'] } },
  { name: 'answer-times', act: 'board.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'line', x: 'period', lines: ['answer_p50_seconds', 'answer_p90_seconds'] } },
  { name: 'ratings', act: 'board.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'bar', x: 'period', lines: ['of_1', 'of_2', 'of_3', 'of_4', 'of_5'], isStacked: true } },
  { name: 'notifications', act: 'board.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'line', x: 'period', lines: ['queued', 'accepted', 'delivered', 'opened'], only: { channel: 'push', kind: 'all' } } },
  { name: 'notification-ends', act: 'board.read', group: true, daysMost: TEN_YEARS },
  { name: 'revenue', act: 'ledger.read', group: true, daysMost: TEN_YEARS, drawing: { kind: 'line', x: 'period', lines: ['gross_idr', 'mitra_share_idr', 'platform_revenue_idr', 'refunds_idr'] } },
  { name: 'daily-closing', act: 'ledger.read', group: false, daysMost: 400 },
  { name: 'payouts', act: 'ledger.read', group: false, daysMost: 400 },
  { name: 'refunds', act: 'ledger.read', group: false, daysMost: 400 },
  { name: 'ledger-entries', act: 'ledger.read', group: false, daysMost: 400 },
] as const satisfies readonly { name: string; act: Act; group: boolean; daysMost: number; drawing?: Drawing }[]
export type ReportName = (typeof REPORTS)[number]['name']
