import type { Pool } from 'pg'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { databaseErrorCode } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { createChangeMessage, type ChangeMessage } from './change-message.ts'
import type { Message } from './contract.ts'
import { createHotPool } from './hot-pool.ts'
import { createMembers, type Members, type Membership } from './members.ts'
import { createReceipts, type Receipts } from './receipts.ts'
import { refuseText } from './rules.ts'
import { storeMessages, type StoredMessage } from './store-messages.ts'

export type Send = {
  conversationId: string
  senderId: string
  clientId: string
  body: string
  /** The socket that gets an answer of its own instead of the event. */
  connectionId?: string
}

export type Sender = {
  /**
   * Stores one message and tells the members. A repeat of (conversation, sender, clientId) answers the first one.
   * Throws `validation_failed`, `message_too_long`, `not_found` (no member), `conversation_closed`; `not_ready` when
   * it is not known whether it is stored: send it again.
   */
  send(send: Send): Promise<Message>
  change: ChangeMessage
  receipts: Receipts
  members: Members
  /** Resolves when nothing is waiting or being stored. */
  settled(): Promise<void>
  /** Stores what is waiting and closes its connections. */
  stop(): Promise<void>
}

/** The most sends of one commit. */
const BATCH_MAX = 256
/** One commit at a time, until one takes this long: then others pass beside it, save in its conversations. */
const SLOW_MS = 50
const LANES = 4
const RETRY_MS = 150
/** What a row can cause; anything else is the connection's or the server's. */
const ROW_ERROR = /^(22|23|40|55)/

type Entry = { send: Send; key: string; id: string; promise: Promise<Message>; resolve(message: Message): void; reject(error: unknown): void }

/**
 * Sends of one turn of the event loop, and those that pile up while a commit is under way, become one commit: no
 * timer, and no added wait when idle. Within a conversation the order of arrival is the order of `seq`.
 */
export function createSender(ctx: Ctx): Sender {
  const members = createMembers(ctx)
  const pool = createHotPool(ctx)
  const byKey = new Map<string, Entry>()
  const busy = new Set<string>()
  let waiting: Entry[] = []
  let lanes = 0
  let startedAtMs = 0
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined
  let idle: (() => void)[] = []

  const takeBatch = (): Entry[] => {
    if (busy.size === 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      return batch
    }
    const batch: Entry[] = []
    const left: Entry[] = []
    for (const entry of waiting) {
      if (batch.length < BATCH_MAX && !busy.has(entry.send.conversationId)) batch.push(entry)
      else left.push(entry)
    }
    waiting = left
    return batch
  }
  const start = () => {
    isScheduled = false
    while (waiting.length > 0 && lanes < LANES) {
      const waitedMs = performance.now() - startedAtMs
      if (lanes > 0 && waitedMs < SLOW_MS) {
        timer ??= setTimeout(() => {
          timer = undefined
          start()
        }, SLOW_MS - waitedMs)
        return
      }
      const batch = takeBatch()
      if (batch.length === 0) return
      startedAtMs = performance.now()
      lanes++
      void run(batch)
    }
    if (lanes > 0 || waiting.length > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }
  const run = async (batch: Entry[]) => {
    const conversationIds = new Set(batch.map((entry) => entry.send.conversationId))
    for (const id of conversationIds) busy.add(id)
    await storeBatch({ ctx, pool, members }, batch.toSorted(byConversation))
    for (const id of conversationIds) busy.delete(id)
    for (const entry of batch) byKey.delete(entry.key)
    lanes--
    clearTimeout(timer)
    timer = undefined
    start()
  }

  const settled = () => (lanes === 0 && waiting.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => void idle.push(resolve)))

  return {
    members, settled,
    change: createChangeMessage(ctx, pool, members),
    receipts: createReceipts(ctx, pool, members),
    async send(send) {
      const refusal = refuseText(send.body, ctx.settings.get('messageMaxLength'))
      if (refusal) throw new AppError(refusal.code, refusal.detail)
      const key = `${send.conversationId} ${send.senderId} ${send.clientId}`
      const known = byKey.get(key)
      if (known) return known.promise
      const entry: Entry = { send, key, id: ctx.ids.next(), ...Promise.withResolvers<Message>() }
      byKey.set(key, entry)
      waiting.push(entry)
      if (!isScheduled && lanes < LANES) {
        isScheduled = true
        setImmediate(start)
      }
      return entry.promise
    },
    async stop() {
      await settled()
      await pool.end()
    },
  }
}

function byConversation(a: Entry, b: Entry): number {
  return a.send.conversationId < b.send.conversationId ? -1 : Number(a.send.conversationId > b.send.conversationId)
}

type Around = { ctx: Ctx; pool: Pool; members: Members }

// Never throws: every entry is answered.
async function storeBatch(around: Around, batch: Entry[]): Promise<void> {
  // Read while the batch is stored; where that fails, the healer finds the messages.
  const memberships = findMemberships(around.members, batch).catch((error: unknown) => {
    around.ctx.log.warn({ err: error }, 'members could not be read')
    return new Map<string, Membership>()
  })
  crashPoint('message.storing')
  try {
    await answer(around, batch, await store(around, batch), await memberships)
  } catch (error) {
    const mayBeOneRow = batch.length > 1 && ROW_ERROR.test(databaseErrorCode(error) ?? '')
    await (mayBeOneRow ? storeAlone(around, batch, await memberships) : storeAgain(around, batch, await memberships))
  }
}

async function findMemberships(members: Members, batch: readonly Entry[]): Promise<Map<string, Membership>> {
  const found = new Map<string, Membership>()
  const unknown: Promise<unknown>[] = []
  for (const { send: { conversationId } } of batch) {
    if (found.has(conversationId)) continue
    const membership = members.peek(conversationId)
    if (membership !== undefined) found.set(conversationId, membership)
    else unknown.push(members.find(conversationId).then((read) => read && found.set(conversationId, read)))
  }
  await Promise.all(unknown)
  return found
}

function store({ pool }: Around, batch: readonly Entry[]): Promise<(StoredMessage | undefined)[]> {
  return storeMessages(pool, batch.map(({ send, id }) => ({ conversationId: send.conversationId, senderId: send.senderId, clientId: send.clientId, id, body: send.body })))
}

// One row that Postgres refuses must not take the others with it. A conversation's own order is kept.
async function storeAlone(around: Around, batch: readonly Entry[], memberships: ReadonlyMap<string, Membership>): Promise<void> {
  const conversations = [...Map.groupBy(batch, (entry) => entry.send.conversationId).values()]
  const work = async () => {
    for (let entries = conversations.shift(); entries !== undefined; entries = conversations.shift()) {
      for (const entry of entries) await storeAgain(around, [entry], memberships)
    }
  }
  await Promise.all(Array.from({ length: LANES }, work))
}

// Once more, whole: a connection may have been lost, and a repeat does no harm.
async function storeAgain(around: Around, batch: readonly Entry[], memberships: ReadonlyMap<string, Membership>): Promise<void> {
  try {
    if (batch.length > 1) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    await answer(around, batch, await store(around, batch), memberships)
  } catch (error) {
    around.ctx.log.warn({ err: error, sends: batch.length }, 'messages could not be stored')
    for (const entry of batch) entry.reject(new AppError('not_ready', 'The message may not be stored: send it again.'))
  }
}

async function answer(
  around: Around, batch: readonly Entry[], stored: readonly (StoredMessage | undefined)[], memberships: ReadonlyMap<string, Membership>,
): Promise<void> {
  const { ctx, members } = around
  crashPoint('message.stored')
  let fresh = 0
  for (const [at, entry] of batch.entries()) {
    const found = stored[at]
    if (found === undefined) {
      entry.reject(await refusalOf(members, entry.send))
      continue
    }
    const message: Message = {
      conversationId: entry.send.conversationId, seq: found.seq, id: found.id, clientId: entry.send.clientId,
      senderId: entry.send.senderId, body: found.body, sentAt: new Date(found.sentAtMs).toISOString(),
    }
    entry.resolve(message)
    if (found.isRepeat) continue
    fresh++
    const memberIds = memberships.get(message.conversationId)?.memberIds
    if (memberIds !== undefined) {
      ctx.publish(memberIds, { type: 'message:received', ...message }, { exceptConnectionId: entry.send.connectionId, position: { stream: message.conversationId, seq: message.seq } })
    }
  }
  crashPoint('message.published')
  ctx.metrics.messagesStored.inc(fresh)
  ctx.metrics.sendBatch.observe(batch.length)
}

async function refusalOf(members: Members, send: Send): Promise<unknown> {
  try {
    await members.access(send.conversationId, send.senderId)
    return new AppError('conversation_closed', 'The conversation is closed.')
  } catch (error) {
    return error
  }
}
