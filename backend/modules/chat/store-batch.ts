import type { Pool } from 'pg'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { databaseErrorCode } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Message } from './contract.ts'
import { signalFlags } from './flags.ts'
import type { Flag } from './screened.ts'
import { storeMessages, type Stored } from './store-messages.ts'
import type { Teller } from './tell-members.ts'

export type Send = {
  conversationId: string
  senderId: string
  clientId: string
  body: string
  /** The socket that gets an answer of its own instead of the event. */
  connectionId?: string
}

/** A send until it is answered. */
export type Entry = { send: Send; flag?: Flag | undefined; key: string; id: string; heldUntilMs: number; promise: Promise<Message>; resolve(message: Message): void; reject(error: unknown): void }

export type Around = {
  ctx: Ctx
  pool: Pool
  teller: Teller
  /** Answers a send whose sender is no member or whose conversation is closed, as soon as it is known which. */
  refuse(entry: Entry): void
}

const LANES = 4
const RETRY_MS = 150
/** What a row can cause; anything else is the connection's or the server's. */
const ROW_ERROR = /^(22|23|40|55)/
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Stores a batch and answers its sends, save those that it gives back: their conversations are held by somebody for
 * longer than others should wait. Never throws.
 */
export async function storeBatch(around: Around, batch: Entry[]): Promise<readonly Entry[]> {
  for (const entry of batch) around.teller.prepare(entry.send.conversationId)
  crashPoint('message.storing')
  try {
    return answer(around, batch, await store(around, batch, 'wait'))
  } catch (error) {
    return databaseErrorCode(error) === LOCK_NOT_AVAILABLE ? storeUnlocked(around, batch) : storeAfter(error, around, batch)
  }
}

/** The same without waiting for anybody's lock. */
export async function storeUnlocked(around: Around, batch: Entry[]): Promise<readonly Entry[]> {
  try {
    return answer(around, batch, await store(around, batch, 'skip'))
  } catch (error) {
    return storeAfter(error, around, batch)
  }
}

export const notStored = (): AppError => new AppError('not_ready', 'The message may not be stored: send it again.')

function store({ pool }: Around, batch: readonly Entry[], locks: 'wait' | 'skip'): Promise<Stored[]> {
  return storeMessages(pool, batch.map(({ send, id, flag }) => ({ conversationId: send.conversationId, senderId: send.senderId, clientId: send.clientId, id, body: send.body, flag })), locks)
}

function storeAfter(error: unknown, around: Around, batch: Entry[]): Promise<readonly Entry[]> {
  const mayBeOneRow = batch.length > 1 && ROW_ERROR.test(databaseErrorCode(error) ?? '')
  return mayBeOneRow ? storeAlone(around, batch) : storeAgain(around, batch)
}

// One row that Postgres refuses must not take the others with it. A conversation's own order is kept.
async function storeAlone(around: Around, batch: readonly Entry[]): Promise<readonly Entry[]> {
  const conversations = [...Map.groupBy(batch, (entry) => entry.send.conversationId).values()]
  const held: Entry[] = []
  const work = async () => {
    for (let entries = conversations.shift(); entries !== undefined; entries = conversations.shift()) {
      for (const [at, entry] of entries.entries()) {
        if ((await storeAgain(around, [entry])).length === 0) continue
        held.push(...entries.slice(at))
        break
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, work))
  return held
}

// Once more, whole: a connection may have been lost, and a repeat does no harm.
async function storeAgain(around: Around, batch: Entry[]): Promise<readonly Entry[]> {
  try {
    if (batch.length > 1) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    return answer(around, batch, await store(around, batch, 'skip'))
  } catch (error) {
    around.ctx.log.warn({ err: error, sends: batch.length }, 'messages could not be stored')
    for (const entry of batch) entry.reject(notStored())
    return NONE
  }
}

const NONE: readonly Entry[] = []

// Waits for nothing: an ack means committed, and no more than that.
function answer(around: Around, batch: readonly Entry[], stored: readonly Stored[]): readonly Entry[] {
  crashPoint('message.stored')
  let held: Entry[] | undefined
  let fresh = 0
  let flagged = false
  for (let at = 0; at < batch.length; at++) {
    const entry = batch[at]!
    const found = stored[at]
    if (found === 'held') {
      held ??= []
      held.push(entry)
      continue
    }
    if (found === undefined) {
      around.refuse(entry)
      continue
    }
    const message: Message = {
      conversationId: entry.send.conversationId, seq: found.seq, id: found.id, clientId: entry.send.clientId,
      senderId: entry.send.senderId, body: found.body, sentAt: new Date(found.sentAtMs).toISOString(),
    }
    entry.resolve(message)
    if (found.isRepeat) continue
    fresh++
    if (entry.flag !== undefined) flagged = true
    around.teller.tell(message, entry.send.connectionId)
  }
  crashPoint('message.published')
  if (flagged) signalFlags(around.ctx)
  around.ctx.metrics.messagesStored.inc(fresh)
  around.ctx.metrics.sendBatch.observe(batch.length)
  return held ?? NONE
}
