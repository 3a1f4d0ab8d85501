import { and, desc, eq, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Queryable } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { withProvenNumber } from '../identity/index.ts'
import { notify } from '../notifications/index.ts'
import type { AppealState, AppealView, OwnAppeal, OwnSanction } from './contract.ts'
import { findActive, type Judged } from './sanction-rows.ts'
import { lift, type StaffBy } from './sanction-person.ts'
import { appeals, sanctions, type Appeal, type Sanction } from './tables.ts'

type Proof = { challengeId: string; code: string }
type Own = { sanction: OwnSanction | null; appeal: OwnAppeal | null }

/**
 * Appeals against what stands against the number that the code proves. One open appeal a sanction: a repeat answers it.
 * After a decision the next may come `appealAgainSeconds` later. Throws `not_found` (nothing stands), `rate_limited`, and
 * what a sign-in throws.
 */
export async function appeal(ctx: Ctx, { text, ...proof }: Proof & { text: string }): Promise<{ own: Own; isNew: boolean }> {
  return withProvenNumber(ctx, proof, async (tx, phoneHash) => {
    const [sanction] = await findActive(tx.sql, phoneHash)
    if (!sanction) return new AppError('not_found', 'Nothing stands against this number.')
    const wait = await findWait(tx, sanction.id)
    if (wait > 0) return new AppError('rate_limited', 'Your appeal was decided a short while ago.', { retryAfterSeconds: wait })
    const [made] = await tx.sql.insert(appeals).values({ id: tx.ids.next(), sanctionId: sanction.id, text }).onConflictDoNothing().returning()
    if (made) tx.log.info({ event: 'appealed', appealId: made.id, sanctionId: sanction.id }, 'somebody appealed')
    return { own: ownOf(sanction, made ?? (await findLast(tx.sql, sanction.id))), isNew: made !== undefined }
  })
}

/** What stands against the number that the code proves, and what became of the last appeal against it. */
export async function showAppeal(ctx: Ctx, proof: Proof): Promise<Own> {
  return withProvenNumber(ctx, proof, async (tx, phoneHash) => {
    const [sanction] = await findActive(tx.sql, phoneHash)
    return ownOf(sanction, sanction && (await findLast(tx.sql, sanction.id)))
  })
}

async function findLast(handle: Queryable, sanctionId: string): Promise<Appeal | undefined> {
  const [last] = await handle.select().from(appeals).where(eq(appeals.sanctionId, sanctionId)).orderBy(desc(appeals.id)).limit(1)
  return last
}

/** Seconds until the next appeal against this sanction; 0 and less: now. */
async function findWait(tx: Tx, sanctionId: string): Promise<number> {
  const [row] = await tx.sql.select({ wait: sql<number>`coalesce(ceil(extract(epoch from max(${appeals.decidedAt}) - app_now())) + ${tx.settings.get('appealAgainSeconds')}, 0)::int` })
    .from(appeals).where(eq(appeals.sanctionId, sanctionId))
  return row?.wait ?? 0
}

function ownOf(sanction: Judged | undefined, last: Appeal | undefined): Own {
  return {
    sanction: sanction ? { kind: sanction.kind, message: sanction.message, until: sanction.until?.toISOString() ?? null, createdAt: sanction.createdAt.toISOString() } : null,
    appeal: last ? { id: last.id, state: last.state, text: last.text, createdAt: last.createdAt.toISOString(), decidedAt: last.decidedAt?.toISOString() ?? null, answer: last.answer } : null,
  }
}

export type AppealFilter = { state?: AppealState | undefined; limit: number; cursor?: string | undefined }

/** Newest first, each with the sanction that it is against. */
export async function listAppeals(handle: Queryable, { state, limit, cursor }: AppealFilter): Promise<{ items: AppealView[]; nextCursor: string | null }> {
  const rows = await handle.select({ own: appeals, against: sanctions }).from(appeals).innerJoin(sanctions, eq(sanctions.id, appeals.sanctionId))
    .where(and(state && eq(appeals.state, state), cursor === undefined ? undefined : lt(appeals.id, cursor))).orderBy(desc(appeals.id)).limit(limit + 1)
  const shown = rows.slice(0, limit)
  return { items: shown.map(({ own, against }) => appealViewOf(own, against)), nextCursor: rows.length > limit ? shown.at(-1)!.own.id : null }
}

export function appealViewOf(own: Appeal, against: Sanction): AppealView {
  const { id, sanctionId, state, text, decidedBy, reason, answer } = own
  return {
    id, sanctionId, state, text, decidedBy, reason, answer, userId: against.userId, kind: against.kind, sanctionedBy: against.createdBy, until: against.until?.toISOString() ?? null,
    createdAt: own.createdAt.toISOString(), decidedAt: own.decidedAt?.toISOString() ?? null,
  }
}

export type Verdict = { appealId: string; decision: 'uphold' | 'lift'; reason: string; answer?: string | undefined }
/** Whether somebody else could decide instead of this member of staff. */
export type HasAnother = (handle: Queryable, staffId: string) => Promise<boolean>

/**
 * Upholds the sanction or lifts it. Whoever gave it may not decide while somebody else could (`approval_self`). A repeat
 * of the same verdict by the same person changes nothing; once another stands, `conflict`.
 */
export async function decideAppeal(ctx: Ctx, by: StaffBy, verdict: Verdict, hasAnother: HasAnother): Promise<AppealView> {
  const { appealId, decision, reason, answer } = verdict
  const state = decision === 'lift' ? 'lifted' : 'upheld'
  return transact(ctx, async (tx) => {
    const before = await getAppeal(tx, appealId)
    if (before.own.state !== 'open') return sameVerdict(before, by, state)
    if (before.against.createdBy === by.staffId && (await hasAnother(tx.sql, by.staffId))) throw new AppError('approval_self', 'Somebody else decides on what you have done.')
    const [decided] = await tx.sql.update(appeals).set({ state, decidedAt: sql`app_now()`, decidedBy: by.staffId, reason, answer: answer ?? null })
      .where(and(eq(appeals.id, appealId), eq(appeals.state, 'open'))).returning()
    if (!decided) return sameVerdict(await getAppeal(tx, appealId), by, state)
    if (decision === 'lift') await lift(tx, by, { sanctionId: decided.sanctionId, reason })
    else {
      const about = { userId: before.against.userId, dedupeKey: `appeal:${appealId}`, data: { appealId } }
      await notify(tx, [answer === undefined ? { ...about, template: 'appeal.upheld' } : { ...about, template: 'appeal.upheld.words', variables: { answer } }])
    }
    await appendAudit(tx, {
      actorKind: 'staff', actorId: by.staffId, act: `appeal.${state}`, targetType: 'user', targetId: before.against.userId, reason,
      details: { appealId, sanctionId: decided.sanctionId }, requestId: by.requestId, ip: by.ip,
    })
    return appealViewOf(decided, before.against)
  })
}

type Found = { own: Appeal; against: Sanction }

async function getAppeal(tx: Tx, id: string): Promise<Found> {
  const [found] = await tx.sql.select({ own: appeals, against: sanctions }).from(appeals).innerJoin(sanctions, eq(sanctions.id, appeals.sanctionId)).where(eq(appeals.id, id))
  if (!found) throw new AppError('not_found', 'no such appeal')
  return found
}

function sameVerdict({ own, against }: Found, by: StaffBy, state: AppealState): AppealView {
  if (own.state === state && own.decidedBy === by.staffId) return appealViewOf(own, against)
  throw new AppError('conflict', 'This appeal is decided.')
}
