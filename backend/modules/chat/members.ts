import type { Pool } from 'pg'
import { coalesce } from '../../platform/coalesce.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { ValkeyLink } from '../../platform/valkey.ts'
import { askHot } from './hot-pool.ts'

export type Membership = {
  memberIds: readonly string[]
  /** Monotonic process time (ms) until which members may write, for what is droppable; a send asks Postgres. */
  writableUntilMs: number
  /** After that: whether more time may come. */
  mayReopen: boolean
  loadedAtMs: number
}

export type Members = {
  /** From memory; undefined when it has to be loaded. */
  peek(conversationId: string): Membership | undefined
  /** Undefined when there is no such conversation. */
  find(conversationId: string): Promise<Membership | undefined>
  /** Throws `not_found`: a conversation of others and a missing one look the same. */
  access(conversationId: string, userId: string): Promise<Membership>
}

const CHANNEL = 'chat.conversations'
/** An announcement may be lost: nothing is believed for longer. */
const BELIEVED_MS = 30_000
const KEPT_MAX = 50_000
const NOBODY: readonly string[] = []

type Listener = (conversationId: string) => void

/** Who listens in this process, by its link: a replica tells itself even while Valkey is away. */
const here = new WeakMap<ValkeyLink, Listener[]>()

/** Tells every replica that a conversation began, or that its members or its end have changed. */
export function announceConversation(ctx: Pick<Ctx, 'valkey'>, conversationId: string): void {
  for (const listener of here.get(ctx.valkey) ?? []) listener(conversationId)
  ctx.valkey.broadcast(CHANNEL, conversationId)
}

/** Calls back for every conversation that is announced here or elsewhere; what is announced here comes twice. */
export function listenForConversations(ctx: Pick<Ctx, 'valkey'>, listener: Listener): void {
  here.set(ctx.valkey, [...here.get(ctx.valkey) ?? [], listener])
  ctx.valkey.subscribe(CHANNEL, listener)
}

/** Why nobody may write just now. */
export function closedError(mayReopen: boolean): AppError {
  return mayReopen ? new AppError('time_is_up', 'The time is up; an extension may be paid just now.') : new AppError('conversation_closed', 'The conversation is closed.')
}

/** Who is in which conversation, from this replica's memory; what it has to read, it reads beside the sends, not behind slow requests. */
export function createMembers(ctx: Pick<Ctx, 'valkey'>, pool: Pool): Members {
  const known = new Map<string, Membership>()
  // Those that were announced while they were being read: what was read may be from before.
  let announced = new Set<string>()
  const load = coalesce<string, Membership | undefined>({
    lanes: 1, most: 200,
    async run(ids) {
      announced = new Set()
      const found = await readMemberships(pool, [...new Set(ids)])
      for (const [id, membership] of found) if (!announced.has(id)) keep(id, membership)
      return ids.map((id) => found.get(id))
    },
  })
  const keep = (id: string, membership: Membership) => {
    if (known.size >= KEPT_MAX) known.delete(known.keys().next().value!)
    known.set(id, membership)
  }
  listenForConversations(ctx, (id) => {
    known.delete(id)
    announced.add(id)
    if (announced.size > KEPT_MAX) announced = new Set()
  })
  const peek = (id: string) => {
    const membership = known.get(id)
    if (membership === undefined || performance.now() - membership.loadedAtMs < BELIEVED_MS) return membership
    known.delete(id)
    return undefined
  }
  const find = async (id: string) => peek(id) ?? load(id)
  return {
    peek, find,
    async access(id, userId) {
      const membership = await find(id)
      if (membership === undefined || !membership.memberIds.includes(userId)) throw new AppError('not_found', 'There is no such conversation.')
      return membership
    },
  }
}

/** Everybody in it but one; the array itself is shared where nobody is left out. */
export function othersOf(membership: Membership, userId: string): readonly string[] {
  const others = membership.memberIds.filter((memberId) => memberId !== userId)
  return others.length === 0 ? NOBODY : others
}

const READ = `
select c.id, array(select m.user_id from conversation_members m where m.conversation_id = c.id) as members, (extract(epoch from c.writable_until - app_now()) * 1000)::float8 as open_ms, c.may_reopen
from unnest($1::uuid[]) as g(id) cross join lateral (select x.id, x.writable_until, x.may_reopen from conversations x where x.id = g.id limit 1) c`

async function readMemberships(pool: Pool, ids: string[]): Promise<Map<string, Membership>> {
  const rows = await askHot<{ id: string; members: string[]; open_ms: number; may_reopen: boolean }>(pool, 'chat-members', READ, [ids])
  const now = performance.now()
  return new Map(rows.map((row) => [row.id, { memberIds: row.members, writableUntilMs: now + row.open_ms, mayReopen: row.may_reopen, loadedAtMs: now }]))
}
