import { and, desc, eq, inArray, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPeople, type Person } from '../identity/index.ts'
import { findPaymentsOfSessions, paymentView, type Payment } from '../payments/index.ts'
import type { OfferView, SessionView } from './contract.ts'
import { forecastFor } from './forecast.ts'
import { findExtensions, findSessionsByIds, isBought, isPending } from './queries.ts'
import { settle } from './rules.ts'
import { offers, sessions, type Offer, type Purchase, type Session } from './tables.ts'
import { noteTold } from './told-estimates.ts'

export type Side = 'customer' | 'mitra' | 'staff'

/**
 * Sessions as one side sees them: the payment is the customer's, the offer the mitra's. In the order of `ids`. The waiting
 * times in them count as told, unless only staff look.
 */
export async function findSessionViews(ctx: Ctx, ids: readonly string[], options: { onlyForStaff?: boolean } = {}): Promise<Map<string, Record<Side, SessionView>>> {
  const rows = await findSessionsByIds(ctx.sql, ids)
  if (rows.length === 0) return new Map()
  const queued = rows.filter((row) => row.state === 'queued')
  const served = rows.filter((row) => row.conversationId !== null).map((row) => row.id)
  // One after the other: in a transaction there is one connection for them.
  const people = await findPeople(ctx.sql, rows.flatMap((row) => [row.customerId, shownMitra(row) ?? []].flat()))
  const payments = await findPaymentsOfSessions(ctx.sql, rows.map((row) => row.id), ['session', 'extension'])
  const places = queued.length > 0 ? await findPlaces(ctx, queued.map((row) => row.id), options) : new Map<string, SessionView['queue']>()
  const extensions = await findExtensions(ctx.sql, served)
  return new Map(rows.map((row) => {
    const paid = payments.filter((candidate) => candidate.sessionId === row.id)
    const payment = paid.findLast((candidate) => candidate.kind === 'session')
    const common = view(row, people, places.get(row.id))
    const { payer, mitra } = extended(row, extensions.filter((extension) => extension.sessionId === row.id), paid)
    const withPayment = { ...common, ...(payment ? { payment: paymentView(payment) } : {}), ...payer }
    return [row.id, { customer: withPayment, staff: withPayment, mitra: { ...common, ...mitra } }]
  }))
}

type Extended = Pick<SessionView, 'extension' | 'extendedMinutes'>

// The last extension, as each side sees it, and what all of them have added.
function extended(row: Session, extensions: readonly Purchase[], paid: readonly Payment[]): { payer: Extended; mitra: Extended } {
  const last = extensions.at(-1)
  if (!last) return { payer: {}, mitra: {} }
  const extendedMinutes = extensions.filter(isBought).reduce((sum, extension) => sum + extension.minutes, 0)
  const payment = paid.find((candidate) => candidate.purchaseId === last.id)
  const common = {
    id: last.id, state: isPending(last) ? 'pending' as const : last.state === 'dropped' ? 'dropped' as const : 'applied' as const,
    packageId: last.packageId, minutes: last.minutes, priceIdr: last.priceIdr, ...(last.payUntil ? { payUntil: last.payUntil.toISOString() } : {}),
  }
  return {
    payer: { extension: { ...common, ...(payment ? { payment: paymentView(payment) } : {}) }, extendedMinutes },
    mitra: { extension: { ...common, earningsIdr: settle(last.priceIdr, row.mitraSharePercent).mitraIdr }, extendedMinutes },
  }
}

async function findPlaces(ctx: Ctx, ids: readonly string[], options: { onlyForStaff?: boolean }): Promise<Map<string, SessionView['queue']>> {
  const forecast = await forecastFor(ctx, ids)
  return new Map(ids.flatMap((id) => {
    const place = forecast.places.get(id)
    if (!place) return [] // found a slot meanwhile
    if (!options.onlyForStaff) noteTold(ctx, id, forecast)
    return [[id, { position: place.position, waitSeconds: place.wait }] as const]
  }))
}

/** The mitra a customer is told of: who serves, or whose slot is reserved. */
function shownMitra(row: Session): string | null {
  return row.mitraId ?? row.slotMitraId
}

function view(row: Session, people: ReadonlyMap<string, Person>, queue: SessionView['queue']): SessionView {
  const mitraId = shownMitra(row)
  const startedAt = row.clockStartedAt
  return {
    id: row.id, version: row.version, state: row.state,
    customer: { id: row.customerId, displayName: people.get(row.customerId)?.displayName ?? null },
    ...(mitraId ? { mitra: { id: mitraId, displayName: people.get(mitraId)?.displayName ?? null } } : {}),
    ...(row.conversationId ? { conversationId: row.conversationId } : {}),
    package: { id: row.packageId, minutes: row.minutes, priceIdr: row.priceIdr },
    ...(row.topic ? { topic: row.topic } : {}),
    ...(row.language ? { language: row.language } : {}),
    ...(queue ? { queue } : {}),
    ...(row.closingAt && row.state === 'held' ? { isClosing: true } : {}),
    createdAt: row.queuedAt.toISOString(),
    ...(startedAt ? { startedAt: startedAt.toISOString() } : {}),
    ...(row.endsAt ? { endsAt: row.endsAt.toISOString() } : {}),
    ...(row.pausedAt && row.state === 'paused' ? { pausedAt: row.pausedAt.toISOString() } : {}),
    ...(row.endedAt ? { endedAt: row.endedAt.toISOString() } : {}),
    ...(row.endReason ? { endReason: row.endReason } : {}),
    ...(row.returnedIdr === null ? {} : { returnedIdr: row.returnedIdr }),
  }
}

/** Offers as the mitra sees them; ringing ones unless ids are given. */
export async function findOfferViews(handle: Queryable, which: { mitraIds: readonly string[] } | { ids: readonly string[] }): Promise<{ offer: Offer; view: OfferView }[]> {
  const condition = 'ids' in which
    ? isAnyOf(offers.id, which.ids)
    : and(isAnyOf(offers.mitraId, which.mitraIds), eq(offers.state, 'ringing'), sql`${offers.expiresAt} > app_now()`)
  if (('ids' in which ? which.ids : which.mitraIds).length === 0) return []
  const rows = await handle.select({ offer: offers, session: sessions }).from(offers).innerJoin(sessions, eq(sessions.id, offers.sessionId)).where(condition).orderBy(desc(offers.id))
  if (rows.length === 0) return []
  const people = await findPeople(handle, rows.map((row) => row.session.customerId))
  const returning = await findReturning(handle, rows.map((row) => ({ customerId: row.session.customerId, mitraId: row.offer.mitraId })))
  return rows.map(({ offer, session }) => ({
    offer,
    view: {
      id: offer.id, version: offer.version, sessionId: session.id, expiresAt: offer.expiresAt.toISOString(), minutes: session.minutes,
      earningsIdr: settle(session.priceIdr, session.mitraSharePercent).mitraIdr,
      ...(session.topic ? { topic: session.topic } : {}),
      ...(session.language ? { language: session.language } : {}),
      customerFirstName: people.get(session.customerId)?.displayName?.trim().split(/\s+/)[0] ?? '',
      isReturning: returning.has(`${session.customerId}:${offer.mitraId}`),
    },
  }))
}

async function findReturning(handle: Queryable, pairs: readonly { customerId: string; mitraId: string }[]): Promise<Set<string>> {
  const rows = await handle.selectDistinct({ customerId: sessions.customerId, mitraId: sessions.mitraId }).from(sessions).where(and(
    eq(sessions.state, 'ended'), inArray(sessions.customerId, pairs.map((pair) => pair.customerId)), inArray(sessions.mitraId, pairs.map((pair) => pair.mitraId)),
  ))
  return new Set(rows.map((row) => `${row.customerId}:${row.mitraId}`))
}
