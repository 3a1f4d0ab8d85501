import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { Screen } from '../moderation/index.ts'
import { createChangeMessage, type ChangeMessage } from './change-message.ts'
import type { Message } from './contract.ts'
import { createHeldSends } from './held-sends.ts'
import { createHotPool } from './hot-pool.ts'
import { closedError, createMembers, type Members } from './members.ts'
import { createReceipts, type Receipts } from './receipts.ts'
import { refuseText } from './rules.ts'
import { screened } from './screened.ts'
import { storeBatch, type Around, type Entry, type Send } from './store-batch.ts'
import { createTeller } from './tell-members.ts'
import { createToldReceipts, type ToldReceipts } from './told-receipts.ts'

export type { Send } from './store-batch.ts'

export type Sender = {
  /**
   * Stores one message and tells the members. A repeat of (conversation, sender, clientId) answers the first one.
   * Throws `validation_failed`, `message_too_long`, `not_found` (no member), `conversation_closed`, `time_is_up`; `not_ready` when
   * it is not known whether it is stored: send it again.
   */
  send(send: Send): Promise<Message>
  change: ChangeMessage
  receipts: Receipts
  /** What this replica has told of them. */
  told: ToldReceipts
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
/** A send of a conversation that somebody holds locked is tried for so long. */
const HELD_MS = 8000

/**
 * Sends of one turn of the event loop, and those that pile up while a commit is under way, become one commit: no
 * timer, and no added wait when idle. Within a conversation the order of arrival is the order of `seq`.
 */
export function createSender(ctx: Ctx, screen: Screen): Sender {
  const pool = createHotPool(ctx)
  const members = createMembers(ctx, pool)
  const teller = createTeller(ctx, members)
  const told = createToldReceipts()
  const byKey = new Map<string, Entry>()
  const busy = new Set<string>()
  const refusing = new Set<Promise<void>>()
  let waiting: Entry[] = []
  let lanes = 0
  let startedAtMs = 0
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined
  let idle: (() => void)[] = []

  const refuse = (entry: Entry) => {
    const refusal = refusalOf(members, entry.send).then((error) => {
      entry.reject(error)
      refusing.delete(refusal)
    })
    refusing.add(refusal)
  }
  const around: Around = { ctx, pool, teller, refuse }
  const held = createHeldSends(around, {
    most: BATCH_MAX, forMs: HELD_MS,
    answered: (entry) => void byKey.delete(entry.key),
    freed: (conversationId) => void busy.delete(conversationId),
    tried: () => start(),
  })

  const takeBatch = (): Entry[] => {
    if (busy.size === 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      return batch
    }
    const batch: Entry[] = []
    const left: Entry[] = []
    for (const entry of waiting) {
      const { conversationId } = entry.send
      if (!busy.has(conversationId)) (batch.length < BATCH_MAX ? batch : left).push(entry)
      else if (held.has(conversationId)) held.add(entry)
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
      if (batch.length === 0) break
      startedAtMs = performance.now()
      lanes++
      void run(batch)
    }
    if (!isIdle()) return
    for (const resolve of idle) resolve()
    idle = []
  }
  const run = async (batch: Entry[]) => {
    const conversationIds = new Set(batch.map((entry) => entry.send.conversationId))
    for (const id of conversationIds) busy.add(id)
    const left = await storeBatch(around, batch.toSorted(byConversation))
    for (const id of conversationIds) busy.delete(id)
    for (const entry of batch) byKey.delete(entry.key)
    // They stay busy: what comes for these conversations waits behind what waits already.
    for (const entry of left) {
      busy.add(entry.send.conversationId)
      byKey.set(entry.key, entry)
      held.add(entry)
    }
    lanes--
    clearTimeout(timer)
    timer = undefined
    start()
  }

  const isIdle = () => lanes === 0 && waiting.length === 0 && held.isEmpty()
  const settled = async () => {
    if (!isIdle()) await new Promise<void>((resolve) => void idle.push(resolve))
    await Promise.all([teller.settled(), ...refusing])
  }

  return {
    members, settled, told,
    change: createChangeMessage(ctx, pool, { members, screen }),
    receipts: createReceipts(ctx, pool, members, told),
    async send(send) {
      const refusal = refuseText(send.body, ctx.settings.get('messageMaxLength'))
      if (refusal) throw new AppError(refusal.code, refusal.detail)
      const key = `${send.conversationId} ${send.senderId} ${send.clientId}`
      const known = byKey.get(key)
      if (known) return known.promise
      const { body, flag } = screened(ctx, screen, send.body)
      const entry: Entry = { send: { ...send, body }, flag, key, id: ctx.ids.next(), heldUntilMs: 0, ...Promise.withResolvers<Message>() }
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

async function refusalOf(members: Members, send: Send): Promise<unknown> {
  try {
    const { mayReopen } = await members.access(send.conversationId, send.senderId)
    return closedError(mayReopen)
  } catch (error) {
    return error
  }
}
