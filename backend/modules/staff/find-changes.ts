import type { Ctx } from '../../platform/ctx.ts'
import { sql } from '../../platform/drizzle.ts'
import { approvalsMark } from '../approvals/index.ts'
import { findActsSince, findAuditHead } from '../audit/index.ts'
import { waitingApplications } from '../mitras/index.ts'
import { parkedMark, paymentsMark, suspenseMark } from '../payments/index.ts'
import { payoutsMark } from '../payouts/index.ts'
import { refundsMark } from '../refunds/index.ts'
import { alertsMark, appealsMark, casesMark } from '../safety/index.ts'
import type { LiveTopic } from './live-contract.ts'

export type Change = { what: LiveTopic; id?: string }

const ACTS = 200
/** Beyond this the ids are of no use any more: a page reads again what it shows. */
const IDS = 20

/** What an act changes, by the first word of its name: what it is about first, then what shows it too. */
const TOPICS: Readonly<Record<string, readonly LiveTopic[]>> = {
  announcement: ['announcements'],
  appeal: ['appeals', 'sanctions', 'customers', 'mitras'],
  approval: ['approvals'],
  case: ['cases', 'alerts'],
  alert: ['alerts', 'cases'],
  credit: ['customers', 'approvals'],
  inbox_event: ['inbox', 'payments'],
  job: ['system', 'jobs'],
  ledger: ['ledger', 'closings', 'system'],
  lexicon: ['lexicon'],
  mirror: ['system'],
  mitra: ['mitras'],
  outbox: ['system', 'jobs'],
  package: ['packages'],
  payment: ['payments'],
  payout: ['payouts', 'approvals'],
  payout_batch: ['payouts', 'approvals'],
  person: ['customers', 'mitras', 'privacy'],
  promo_code: ['promo-codes'],
  rating: ['ratings'],
  reconciliation: ['reconciliations'],
  refund: ['refunds', 'payments', 'approvals'],
  sanction: ['sanctions', 'customers', 'mitras', 'cases'],
  session: ['sessions'],
  setting: ['settings'],
  staff: ['staff'],
  suspense: ['suspense', 'approvals'],
  template: ['templates'],
  wallet: ['holds', 'customers', 'approvals'],
}

/** What comes without an act of staff: another mark, and it is new. */
const MARKS: Readonly<Record<string, { mark: ReturnType<typeof sql>; what: LiveTopic }>> = {
  alerts: { mark: alertsMark, what: 'alerts' },
  appeals: { mark: appealsMark, what: 'appeals' },
  approvals: { mark: approvalsMark, what: 'approvals' },
  cases: { mark: casesMark, what: 'cases' },
  events: { mark: parkedMark, what: 'inbox' },
  mitras: { mark: waitingApplications, what: 'mitras' },
  payments: { mark: paymentsMark, what: 'payments' },
  payouts: { mark: payoutsMark, what: 'payouts' },
  refunds: { mark: refundsMark, what: 'refunds' },
  suspense: { mark: suspenseMark, what: 'suspense' },
}

/**
 * Finds what has changed since it was asked last, for pages that are open: what staff did stands in the audit log, what
 * came by itself is seen by its mark. Three small statements however much there is; the first time answers nothing.
 */
export function createChangeFinder(ctx: Ctx): { find(): Promise<Change[]>; forget(): void } {
  let seq: number | undefined
  let marks: Record<string, string | null> | undefined
  return {
    async find() {
      const head = await findAuditHead(ctx.sql)
      const acts = seq === undefined || head === seq ? [] : await findActsSince(ctx.sql, seq, ACTS)
      const found = await readMarks(ctx)
      const before = marks
      const changes = [
        ...acts.flatMap(({ act, targetId }) => topicsOf(act).map((what): Change => (targetId === null ? { what } : { what, id: targetId }))),
        ...Object.entries(MARKS).flatMap(([name, { what }]): Change[] => (before === undefined || before[name] === found[name] ? [] : [{ what }])),
        ...(acts.length > 0 ? [{ what: 'audit' as const }] : []),
      ]
      // Where more was done than is read at once, everything that may be shown is read again, and what follows counts from here.
      const isMuch = acts.length === ACTS
      seq = isMuch ? head : acts.at(-1)?.seq ?? head
      marks = found
      return isMuch ? [...new Set(Object.values(TOPICS).flat()), 'audit' as const].map((what) => ({ what })) : fewer(changes)
    },
    forget() {
      seq = undefined
      marks = undefined
    },
  }
}

function topicsOf(act: string): readonly LiveTopic[] {
  return TOPICS[act.split('.', 1)[0]!] ?? []
}

function fewer(changes: readonly Change[]): Change[] {
  return [...Map.groupBy(changes, ({ what }) => what)].flatMap(([what, of]) => {
    const ids = new Set(of.map(({ id }) => id))
    return ids.has(undefined) || ids.size > IDS ? [{ what }] : [...ids].map((id): Change => (id === undefined ? { what } : { what, id }))
  })
}

async function readMarks(ctx: Ctx): Promise<Record<string, string | null>> {
  const columns = Object.entries(MARKS).map(([name, { mark }]) => sql`${mark} as ${sql.identifier(name)}`)
  const { rows } = await ctx.sql.execute<Record<string, string | number | null>>(sql`select ${sql.join(columns, sql`, `)}`)
  return Object.fromEntries(Object.entries(rows[0]!).map(([name, value]) => [name, value === null ? null : `${value}`]))
}
