import { and, eq, gte, inArray, isNull, lt, or, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Settings } from '../../platform/settings.ts'
import { findToday } from './change-profile.ts'
import { DOCUMENTS } from './contract.ts'
import { judgeBirthDate } from './rules.ts'
import { consents, users } from './tables.ts'

export type Consent = { document: string; version: string; acceptedAt?: string }

/** The current documents, and when this person accepted each. */
export async function findConsents(handle: Queryable, settings: Settings, userId: string): Promise<Consent[]> {
  const version = settings.get('termsVersion')
  // What was accepted before the account started afresh was accepted by somebody else, maybe.
  const rows = await handle.select({ document: consents.document, acceptedAt: consents.acceptedAt }).from(consents)
    .innerJoin(users, eq(users.id, consents.userId))
    .where(and(eq(consents.userId, userId), eq(consents.version, version), inArray(consents.document, [...DOCUMENTS]),
      or(isNull(users.historyFrom), gte(consents.acceptedAt, users.historyFrom))))
  const accepted = new Map(rows.map((row) => [row.document, row.acceptedAt.toISOString()]))
  return DOCUMENTS.map((document) => {
    const acceptedAt = accepted.get(document)
    return { document, version, ...(acceptedAt === undefined ? {} : { acceptedAt }) }
  })
}

/** Accepts a document in its current version; again is the same. Throws `validation_failed` for another version. */
export async function acceptConsent(handle: Queryable, settings: Settings, userId: string, input: { document: string; version: string }): Promise<Consent> {
  const current = settings.get('termsVersion')
  if (input.version !== current) {
    throw new AppError('validation_failed', 'Only the current version can be accepted.', {
      errors: [{ path: 'version', code: 'not_current', message: `must be ${current}` }],
    })
  }
  const byEarlierOwner = lt(consents.acceptedAt, sql`(select history_from from users where id = ${userId})`)
  const [accepted] = await handle.insert(consents).values({ userId, document: input.document, version: current })
    .onConflictDoUpdate({ target: [consents.userId, consents.document, consents.version], set: { acceptedAt: sql`app_now()` }, setWhere: byEarlierOwner })
    .returning()
  if (accepted) return { document: accepted.document, version: current, acceptedAt: accepted.acceptedAt.toISOString() }
  const known = await findConsents(handle, settings, userId)
  return known.find((consent) => consent.document === input.document)!
}

/**
 * Whoever books or applies must be an adult who has accepted the current terms. From then on the birth date is fixed.
 * Throws `account_suspended`, `consent_required` (also without a birth date) or `age_refused`.
 */
export async function assertMayTakePart(handle: Queryable, settings: Settings, userId: string): Promise<void> {
  const [user] = await handle.select({
    birthDate: users.birthDate, isFixed: sql<boolean>`birth_date_used_at is not null`,
    isOut: sql<boolean>`erased_at is not null or banned_at is not null or coalesce(suspended_until > app_now(), false)`,
  }).from(users).where(eq(users.id, userId))
  if (!user || user.isOut) throw new AppError('account_suspended', 'This account is suspended.')
  const missing = (await findConsents(handle, settings, userId)).filter((consent) => consent.acceptedAt === undefined).map((consent) => consent.document)
  if (user.birthDate === null) missing.push('birthDate')
  if (user.birthDate === null || missing.length > 0) {
    throw new AppError('consent_required', 'The birth date and the current terms must be confirmed first.', {
      errors: missing.map((path) => ({ path, code: 'required', message: 'must be confirmed first' })),
    })
  }
  if (judgeBirthDate(user.birthDate, await findToday(handle), settings.get('minimumAgeYears')) !== 'adult') {
    throw new AppError('age_refused', 'This service is for adults.')
  }
  if (!user.isFixed) await handle.update(users).set({ birthDateUsedAt: sql`app_now()` }).where(and(eq(users.id, userId), isNull(users.birthDateUsedAt)))
}
