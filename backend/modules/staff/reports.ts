import type { Ctx } from '../../platform/ctx.ts'
import type { Cell } from '../../platform/csv.ts'
import { account, findClosings, findMoves, readEntries, type Closing } from '../ledger/index.ts'
import { findChannels } from '../payments/index.ts'
import { readPayouts } from '../payouts/index.ts'
import { findStepsBefore, findStepsOfMoves } from '../refunds/index.ts'
import { sumEstimates } from '../sessions/index.ts'
import { refundLines } from './refund-report.ts'

/** A report over days in Asia/Jakarta, both within. Amounts are whole rupiah. */
export type Report = { header: readonly string[]; rows(ctx: Ctx, days: { from: string; until: string }): AsyncIterable<readonly Cell[]> }

/** What finance can export, by name: one line each. */
export const REPORTS: Readonly<Record<string, Report>> = {
  'daily-closing': {
    header: ['day', 'kind', 'name', 'opening_idr', 'debits_idr', 'credits_idr', 'closing_idr', 'transactions', 'hash'],
    async *rows(ctx, days) {
      for (const closing of await findClosings(ctx.sql, days)) yield* closingRows(closing)
    },
  },
  'payouts': {
    header: ['requested_at', 'payout', 'mitra', 'batch', 'requested_by', 'state', 'amount_idr', 'approved_at', 'sent_at', 'settled_at', 'reversed_at', 'provider_payout', 'failure'],
    async *rows(ctx, days) {
      for await (const payout of readPayouts(ctx.sql, days)) {
        yield [
          payout.requestedAt, payout.id, payout.mitraId, payout.batchId, payout.requestedByKind, payout.state, payout.amountIdr, payout.approvedAt, payout.sentAt, payout.settledAt,
          payout.reversedAt, payout.providerPayoutId, payout.failureCode,
        ]
      }
    },
  },
  'refunds': {
    header: ['day', 'state', 'method', 'channel', 'refunds', 'amount_idr', 'pending_idr'],
    async *rows(ctx, days) {
      const [before, moves] = await Promise.all([findStepsBefore(ctx.sql, days), findMoves(ctx.sql, account.refundsPending, days)])
      const steps = [...before, ...await findStepsOfMoves(ctx.sql, moves)]
      yield* refundLines(steps, await findChannels(ctx.sql, [...new Set(steps.map((step) => step.paymentId))]), moves)
    },
  },
  'ledger-entries': {
    header: ['at', 'entry', 'transaction', 'key', 'flow', 'session', 'payment', 'account', 'amount_idr'],
    async *rows(ctx, days) {
      for await (const entry of readEntries(ctx.sql, days)) {
        yield [entry.at, entry.id, entry.transactionId, entry.key, entry.flow, entry.sessionId, entry.paymentId, entry.account, entry.amountIdr]
      }
    },
  },
}

/** What everybody may look at who sees the board: how true the waiting times were that people were told. */
export const WAITING_TIMES: Report = {
  header: ['day', 'place', 'told', 'within_p50', 'within_p90', 'late', 'left_before', 'left_between', 'unknown', 'open', 'within_p50_percent', 'within_p90_percent', 'told_p50_seconds', 'told_p90_seconds', 'waited_p50_seconds', 'waited_p90_seconds'],
  async *rows(ctx, days) {
    for (const sums of await sumEstimates(ctx.sql, days)) {
      const judged = sums.withinP90 + sums.late
      yield [
        sums.day, sums.place, sums.told, sums.withinP50, sums.withinP90, sums.late, sums.leftBefore, sums.leftBetween, sums.unknown, sums.open,
        percentOf(sums.withinP50, judged + sums.leftBetween), percentOf(sums.withinP90, judged), rounded(sums.p50Told), rounded(sums.p90Told), rounded(sums.p50Waited), rounded(sums.p90Waited),
      ]
    }
  },
}

const percentOf = (part: number, all: number): number | null => (all === 0 ? null : Math.round((part / all) * 1000) / 10)
const rounded = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds))

/** A line for each account and each flow, and one that proves the sums: opening and closing are 0, debits are credits. */
function* closingRows({ day, accounts, flows, transactions, hash }: Closing): Generator<readonly Cell[]> {
  for (const sums of accounts) yield [day, 'account', sums.account, sums.openingIdr, sums.debitsIdr, sums.creditsIdr, sums.closingIdr, null, null]
  for (const sums of flows) yield [day, 'flow', sums.flow, null, sums.amountIdr, sums.amountIdr, null, sums.transactions, null]
  const sum = (key: 'openingIdr' | 'debitsIdr' | 'creditsIdr' | 'closingIdr') => accounts.reduce((total, sums) => total + sums[key], 0)
  yield [day, 'total', 'all accounts', sum('openingIdr'), sum('debitsIdr'), sum('creditsIdr'), sum('closingIdr'), transactions, hash.toString('hex')]
}
