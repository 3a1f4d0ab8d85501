import type { UserActor } from '../../platform/access.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople, type Person } from '../identity/index.ts'
import { findMitras } from '../mitras/index.ts'
import { addBlock, findOwnBlocks, removeBlock, type Block } from '../moderation/index.ts'
import { decideUnderMatching, haveMet, partPair, remindNoMore, type Pair } from '../sessions/index.ts'
import type { BlockView } from './contract.ts'

/**
 * These two are never matched again, and what is open between them ends. Neither is told. A repeat changes nothing.
 * Throws `not_found` for whom the actor can't know: a customer blocks any mitra, a mitra the customers that they met.
 */
export async function blockPerson(ctx: Ctx, actor: UserActor, userId: string): Promise<{ block: BlockView; isNew: boolean }> {
  return decideUnderMatching(ctx, async (tx) => {
    const people = await findPeople(tx.sql, [actor.id, userId])
    const [blocker, blocked] = [people.get(actor.id), people.get(userId)]
    if (!blocker || !blocked || blocked.kind === blocker.kind) throw nobody()
    const pair = actor.kind === 'customer' ? { customerId: actor.id, mitraId: userId } : { customerId: userId, mitraId: actor.id }
    if (!(await isKnown(tx, actor, pair, blocked))) throw nobody()
    const { block, isNew } = await addBlock(tx, { blocker, blocked })
    if (isNew) await partPair(tx, pair, actor.kind)
    await remindNoMore(tx, pair)
    tx.log.info({ event: 'blocked', blockId: block.id, by: actor.kind, isNew }, 'somebody was blocked')
    return { block: viewOf(block, people), isNew }
  })
}

async function isKnown(tx: Tx, actor: UserActor, pair: Pair, blocked: Person): Promise<boolean> {
  if (await haveMet(tx.sql, pair)) return true
  if (actor.kind === 'mitra' || blocked.erasedAt) return false
  const mitra = (await findMitras(tx.sql, [pair.mitraId])).get(pair.mitraId)
  return mitra?.status === 'approved' || mitra?.status === 'deactivated'
}

/** Takes the actor's own block back; where there is none, nothing changes. What the other side has blocked stays so. */
export async function unblockPerson(ctx: Ctx, actor: UserActor, userId: string): Promise<void> {
  await decideUnderMatching(ctx, async (tx) => {
    const people = await findPeople(tx.sql, [actor.id, userId])
    const [blocker, blocked] = [people.get(actor.id), people.get(userId)]
    if (blocker && blocked) await removeBlock(tx, { blocker, blocked })
  })
}

/** Whom the actor has blocked, newest first. */
export async function listBlocks(ctx: Ctx, actor: UserActor, page: { limit: number; cursor?: string | undefined }): Promise<{ items: BlockView[]; nextCursor: string | null }> {
  const own = (await findPeople(ctx.sql, [actor.id])).get(actor.id)
  const rows = await findOwnBlocks(ctx.sql, { blockerId: actor.id, from: own?.historyFrom ?? null, limit: page.limit + 1, cursor: page.cursor })
  const shown = rows.slice(0, page.limit)
  const people = await findPeople(ctx.sql, shown.map((block) => block.blockedId))
  return { items: shown.map((block) => viewOf(block, people)), nextCursor: rows.length > page.limit ? shown.at(-1)!.id : null }
}

function viewOf(block: Block, people: ReadonlyMap<string, Person>): BlockView {
  return { userId: block.blockedId, displayName: people.get(block.blockedId)?.displayName ?? null, createdAt: block.createdAt.toISOString() }
}

const nobody = () => new AppError('not_found', 'no such person')
