import type { z } from 'zod'
import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findSystemNotes } from '../chat/index.ts'
import { findPeople, maskName } from '../identity/index.ts'
import { findNoticesOfSession } from '../notifications/index.ts'
import { findEventsOfPayments } from '../payments/index.ts'
import { findRefundsOfSession } from '../refunds/index.ts'
import { findRating } from '../reviews/index.ts'
import { findSafetyOfSession } from '../safety/index.ts'
import { findTimeline, type SessionView } from '../sessions/index.ts'
import type { TimelineEntry, timelineReply } from './control-contract.ts'
import { findStaffNames } from './queries.ts'
import { mayAct, seesMasked } from './roles.ts'

/** What of money stands in details, for who may not read the ledger. */
const MONEY_KEY = /Idr$|^provider|^fromWallet$/

/**
 * Everything that happened to a session in one line of time: each module's part, merged here. Postings and what the provider
 * said are for who may read them; amounts are left out for who may not read the ledger, cases and what people were told of
 * them for who does not act on them, names and what was written to people are masked as everywhere.
 */
export async function findSessionTimeline(ctx: Ctx, role: StaffRole, session: SessionView): Promise<z.output<typeof timelineReply>> {
  const may = { money: mayAct(role, 'ledger.read'), provider: mayAct(role, 'parked.read'), safety: mayAct(role, 'safety.act'), refunds: mayAct(role, 'refunds.request') }
  const [{ entries: own, paymentIds }, notes, notices, refunds, rating, safety] = await Promise.all([
    findTimeline(ctx.sql, session.id),
    session.conversationId === undefined ? [] : findSystemNotes(ctx.sql, session.conversationId),
    findNoticesOfSession(ctx.sql, session.id),
    may.refunds ? findRefundsOfSession(ctx.sql, session.id) : [],
    findRating(ctx.sql, session.id),
    may.safety ? findSafetyOfSession(ctx.sql, ctx.settings, session.id) : { cases: [], sanctions: [] },
  ])
  const events = may.provider ? await findEventsOfPayments(ctx.sql, paymentIds) : []
  const isMasked = seesMasked(role)
  const all: TimelineEntry[] = [
    ...own.filter((entry) => may.money || entry.kind !== 'posting').map((entry) => ({ ...entry, at: entry.at.toISOString() })),
    ...notes.map((note) => ({ at: note.at.toISOString(), kind: 'note' as const, title: note.code, details: { seq: note.seq, ...note.data } })),
    ...notices.filter(({ kind }) => may.safety || kind !== 'safety').map(({ at, kind, channel, state, reason, userId, title, body }) => ({
      at: at.toISOString(), kind: channel === 'push' ? 'push' as const : 'notification' as const, title: kind, details: { userId, state, reason, ...(isMasked ? {} : { title, body }) },
    })),
    ...events.map((event) => ({ at: event.at.toISOString(), kind: 'provider' as const, title: event.state, details: { eventId: event.id, about: event.kind, reason: event.reason, paymentId: event.paymentId, receivedCount: event.receivedCount, settledAt: event.settledAt?.toISOString() ?? null } })),
    ...refunds.map((refund) => ({
      at: refund.requestedAt.toISOString(), kind: 'refund' as const, title: refund.state,
      details: { refundId: refund.id, paymentId: refund.paymentId, amountIdr: refund.amountIdr, method: refund.method, reason: refund.reason, requestedBy: refund.requestedBy, decidedBy: refund.decidedBy, settledAt: refund.settledAt?.toISOString() ?? null },
    })),
    ...(rating ? [{ at: rating.createdAt.toISOString(), kind: 'rating' as const, title: String(rating.score), details: { score: rating.score, isHidden: rating.hiddenAt !== null, ...(may.safety ? { comment: rating.comment } : {}) } }] : []),
    ...safety.cases.map((one) => ({ at: one.openedAt, kind: 'case' as const, title: one.state, details: { caseId: one.id, about: one.kind, reason: one.reason, subjectId: one.subjectId, takenBy: one.takenBy, outcome: one.outcome, closedAt: one.closedAt } })),
    ...safety.sanctions.map((one) => ({ at: one.createdAt, kind: 'sanction' as const, title: one.kind, details: { sanctionId: one.id, userId: one.userId, caseId: one.caseId, reason: one.reason, until: one.until, createdBy: one.createdBy, liftedAt: one.liftedAt } })),
  ]
  const items = (may.money ? all : all.map((entry) => ({ ...entry, details: withoutMoney(entry.details) }))).toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return { items, people: await whoIsWho(ctx, role, items), nextCursor: null }
}

function withoutMoney(details: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([key]) => !MONEY_KEY.test(key)))
}

const WHO = ['actorId', 'mitraId', 'userId', 'subjectId', 'takenBy', 'createdBy', 'requestedBy', 'decidedBy'] as const

/** Names for the ids in it: the page would ask for each alone. */
async function whoIsWho(ctx: Ctx, role: StaffRole, items: readonly TimelineEntry[]): Promise<z.output<typeof timelineReply>['people']> {
  const ids = [...new Set(items.flatMap(({ details }) => WHO.flatMap((key) => (typeof details[key] === 'string' ? [details[key]] : []))))]
  const [people, staff] = await Promise.all([findPeople(ctx.sql, ids), findStaffNames(ctx.sql, ids)])
  const shown = (name: string | null) => (name !== null && seesMasked(role) ? maskName(name) : name)
  return [
    ...[...people.values()].map((person) => ({ id: person.id, kind: person.kind, displayName: shown(person.displayName) })),
    ...[...staff].map(([id, displayName]) => ({ id, kind: 'staff' as const, displayName })),
  ]
}
