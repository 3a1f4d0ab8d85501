import { and, desc, eq, gte, inArray, lt, or, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPeople } from '../identity/index.ts'
import type { OfferView, SessionView } from './contract.ts'
import { OPEN_STATES } from './queries.ts'
import { offers, sessions } from './tables.ts'
import { findOfferViews, findSessionViews } from './views.ts'

type Page = { limit: number; cursor?: string | undefined }

/** A person's sessions, newest first; what belongs to an earlier owner of the number is not theirs. */
export async function findSessionsOf(ctx: Ctx, actor: UserActor, page: Page): Promise<{ items: SessionView[]; nextCursor: string | null }> {
  const mine = actor.kind === 'customer' ? eq(sessions.customerId, actor.id) : eq(sessions.mitraId, actor.id)
  const from = (await findPeople(ctx.sql, [actor.id])).get(actor.id)?.historyFrom
  const rows = await ctx.sql.select({ id: sessions.id }).from(sessions)
    .where(and(mine, from ? gte(sessions.queuedAt, from) : undefined, page.cursor ? lt(sessions.id, page.cursor) : undefined)).orderBy(desc(sessions.id)).limit(page.limit + 1)
  const ids = rows.slice(0, page.limit).map((row) => row.id)
  const views = await findSessionViews(ctx, ids)
  return { items: ids.map((id) => views.get(id)![actor.kind]), nextCursor: rows.length > page.limit ? ids.at(-1) ?? null : null }
}


export type OpenOf = { sessions: SessionView[]; offers: OfferView[] }

/** Open sessions and ringing offers of these people, by their id: their part of `ready`. However many ask at once. */
export async function findOpenSessions(ctx: Ctx, actors: readonly UserActor[]): Promise<Map<string, OpenOf>> {
  const rows = await findOpenRows(ctx.sql, actors)
  const views = await findSessionViews(ctx, rows.map((row) => row.id))
  const ringing = await findOfferViews(ctx.sql, { mitraIds: idsOf(actors, 'mitra') })
  return new Map(actors.map((actor) => [actor.id, {
    sessions: rows.filter((row) => isOf(row, actor)).map((row) => views.get(row.id)![actor.kind]),
    offers: ringing.filter(({ offer }) => offer.mitraId === actor.id).map(({ view }) => view),
  }]))
}

/** Ids and versions only: their part of the heartbeat. */
export async function findOpenVersions(handle: Queryable, actors: readonly UserActor[]): Promise<Map<string, { sessions: { id: string; version: number }[]; offers: string[] }>> {
  const rows = await findOpenRows(handle, actors)
  const mitraIds = idsOf(actors, 'mitra')
  const ringing = mitraIds.length === 0 ? [] : await handle.select({ id: offers.id, mitraId: offers.mitraId }).from(offers)
    .where(and(isAnyOf(offers.mitraId, mitraIds), eq(offers.state, 'ringing'), sql`${offers.expiresAt} > app_now()`))
  return new Map(actors.map((actor) => [actor.id, {
    sessions: rows.filter((row) => isOf(row, actor)).map(({ id, version }) => ({ id, version })),
    offers: ringing.filter((offer) => offer.mitraId === actor.id).map((offer) => offer.id),
  }]))
}

type OpenRow = { id: string; version: number; customerId: string; mitraId: string | null }

async function findOpenRows(handle: Queryable, actors: readonly UserActor[]): Promise<OpenRow[]> {
  return handle.select({ id: sessions.id, version: sessions.version, customerId: sessions.customerId, mitraId: sessions.mitraId }).from(sessions)
    .where(and(inArray(sessions.state, [...OPEN_STATES]), or(isAnyOf(sessions.customerId, idsOf(actors, 'customer')), isAnyOf(sessions.mitraId, idsOf(actors, 'mitra')))))
    .orderBy(desc(sessions.id))
}

const idsOf = (actors: readonly UserActor[], kind: UserActor['kind']): string[] => actors.filter((actor) => actor.kind === kind).map((actor) => actor.id)
const isOf = (row: OpenRow, actor: UserActor): boolean => (actor.kind === 'customer' ? row.customerId : row.mitraId) === actor.id

export type HealedFrame = { userIds: string[]; frame: { type: string } & Record<string, unknown>; key: string }

/** What changed for these users within the last seconds: the healer sends what pub/sub lost. */
export async function findChangedSessions(ctx: Ctx, userIds: readonly string[], sinceSeconds: number): Promise<HealedFrame[]> {
  if (userIds.length === 0) return []
  const since = sql`app_now() - make_interval(secs => ${sinceSeconds})`
  const rows = await ctx.sql.select({ id: sessions.id }).from(sessions)
    .where(and(sql`${sessions.updatedAt} > ${since}`, or(isAnyOf(sessions.customerId, userIds), isAnyOf(sessions.mitraId, userIds))))
  const views = await findSessionViews(ctx, rows.map((row) => row.id))
  return [...views.values()].flatMap(({ customer, mitra }) => [
    { userIds: [customer.customer.id], frame: { type: 'session:updated', session: customer }, key: `session:${customer.id}:${customer.version}` },
    ...(mitra.mitra && mitra.conversationId ? [{ userIds: [mitra.mitra.id], frame: { type: 'session:updated', session: mitra }, key: `session:${mitra.id}:${mitra.version}` }] : []),
  ])
}

/** Offers of these mitras that began or ended within the last seconds. */
export async function findChangedOffers(handle: Queryable, userIds: readonly string[], sinceSeconds: number): Promise<HealedFrame[]> {
  if (userIds.length === 0) return []
  const since = sql`app_now() - make_interval(secs => ${sinceSeconds})`
  const rows = await handle.select({ id: offers.id }).from(offers)
    .where(and(isAnyOf(offers.mitraId, userIds), or(sql`${offers.createdAt} > ${since}`, sql`${offers.endedAt} > ${since}`)))
  const found = await findOfferViews(handle, { ids: rows.map((row) => row.id) })
  return found.map(({ offer, view }) => ({
    userIds: [offer.mitraId], key: `offer:${offer.id}:${offer.version}`,
    frame: offer.state === 'ringing' ? { type: 'offer:created', offer: view } : { type: 'offer:ended', offerId: offer.id, outcome: offer.state },
  }))
}
