import { and, eq, inArray, isNull, ne, sql, type SQL } from '../../platform/drizzle.ts'
import { z } from 'zod'
import type { Tx, World } from '../../platform/ctx.ts'
import type { ValkeyLink } from '../../platform/valkey.ts'
import type { RevokeReason } from './contract.ts'
import { devices, signIns } from './tables.ts'

const CHANNEL = 'revocations'
const message = z.object({ signInIds: z.array(z.string()), reason: z.string(), until: z.string().nullable().optional() })
/** `until`: when a suspension ends; null for what has no end. */
export type WhyRevoked = { reason: string; until: Date | null }
type Listener = (signInIds: readonly string[], why: WhyRevoked) => void

/** Who listens in this process, by its link: a replica tells itself even while Valkey is away. */
const here = new WeakMap<ValkeyLink, Set<Listener>>()

export type Revoke = {
  userId: string
  /** Only this one; else all of the user. */
  signInId?: string | undefined
  exceptSignInId?: string | undefined
  reason: RevokeReason
}

/**
 * Ends sign-ins: no refresh from the commit on, their access tokens refused and their sockets closed on every replica
 * within 5 s, their push tokens removed. Answers the ids of those that it ended.
 */
export async function revokeSignIns(tx: Tx, revoke: Revoke): Promise<string[]> {
  return end(tx, and(
    eq(signIns.userId, revoke.userId),
    revoke.signInId === undefined ? undefined : eq(signIns.id, revoke.signInId),
    revoke.exceptSignInId === undefined ? undefined : ne(signIns.id, revoke.exceptSignInId),
  ), { reason: revoke.reason, until: null })
}

/** The same for all sign-ins of some accounts. */
export async function revokeSignInsOf(tx: Tx, userIds: readonly string[], why: { reason: RevokeReason; until: Date | null }): Promise<string[]> {
  return end(tx, inArray(signIns.userId, [...userIds]), why)
}

async function end(tx: Tx, which: SQL | undefined, why: { reason: RevokeReason; until: Date | null }): Promise<string[]> {
  const ended = await tx.sql.update(signIns).set({ revokedAt: sql`app_now()`, revokeReason: why.reason }).where(and(which, isNull(signIns.revokedAt))).returning({ id: signIns.id })
  const ids = ended.map((row) => row.id)
  if (ids.length === 0) return ids
  await tx.sql.delete(devices).where(inArray(devices.signInId, ids))
  tx.afterCommit(() => announce(tx, ids, why))
  return ids
}

// The verifier's poll finds in Postgres whatever is lost here.
function announce(world: Pick<World, 'valkey'>, signInIds: string[], why: WhyRevoked): void {
  for (const listener of here.get(world.valkey) ?? []) listener(signInIds, why)
  world.valkey.broadcast(CHANNEL, JSON.stringify({ signInIds, ...why }))
}

/** Calls back for every revocation that this replica makes or hears of, some of them twice. Answers how to stop. */
export function listenForRevocations(world: Pick<World, 'valkey' | 'log'>, listener: Listener): () => void {
  const listeners = here.get(world.valkey) ?? new Set()
  here.set(world.valkey, listeners.add(listener))
  world.valkey.subscribe(CHANNEL, (text) => {
    if (!listeners.has(listener)) return
    try {
      const { signInIds, reason, until } = message.parse(JSON.parse(text))
      listener(signInIds, { reason, until: until ? new Date(until) : null })
    } catch (error) {
      world.log.warn({ err: error }, 'a revocation could not be read')
    }
  })
  return () => void listeners.delete(listener)
}
