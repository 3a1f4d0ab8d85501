import type { Ctx } from '../../platform/ctx.ts'
import type { SignedIn } from '../../platform/realtime/connection.ts'
import { closedError, othersOf, type Members } from './members.ts'

export type Typing = {
  /** Throws `not_found` (no member), `conversation_closed`, `time_is_up`. */
  start(connection: SignedIn, conversationId: string): Promise<void>
  stop(connection: SignedIn, conversationId: string): Promise<void>
  /** Who sends a message types no more. Costs nothing while nobody types. */
  sent(userId: string, conversationId: string): void
}

/** Somebody typing somewhere, or who was until a moment ago. */
type Typist = {
  conversationId: string
  userId: string
  /** The device that said so last: typing ends with it. */
  connection: SignedIn
  toldIds: readonly string[]
  isTold: boolean
  startedAtMs: number
  endsAtMs: number
}

/** Of one person and conversation a start is told at most this often. */
const RELAY_MS = 2000
const SWEEP_MS = 500

/**
 * Who types, told to the other members, droppable; ends by itself after `typingSeconds`, with the device's socket and
 * with the message. Counted by each replica for its own sockets.
 */
export function createTyping(ctx: Ctx, members: Members): Typing {
  const typists = new Map<string, Typist>()
  let timer: NodeJS.Timeout | undefined

  const keyOf = (userId: string, conversationId: string) => `${userId} ${conversationId}`
  const tell = ({ conversationId, userId, toldIds }: Typist, type: 'typing:start' | 'typing:stop') => ctx.publish(toldIds, { type, conversationId, userId }, { droppable: true })
  const end = (typist: Typist) => {
    if (typist.isTold) tell(typist, 'typing:stop')
    typist.isTold = false
  }
  const sweep = () => {
    const now = performance.now()
    for (const [key, typist] of typists) {
      if (now >= typist.endsAtMs || !typist.connection.isOpen) end(typist)
      // Kept a while longer: starts and stops in turn are not told faster.
      if (!typist.isTold && now - typist.startedAtMs >= RELAY_MS) typists.delete(key)
    }
    if (typists.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  const find = async (connection: SignedIn, conversationId: string): Promise<{ typist: Typist; isNew: boolean }> => {
    const userId = connection.actor.id
    const membership = await members.access(conversationId, userId)
    if (performance.now() >= membership.writableUntilMs) throw closedError(membership.mayReopen)
    const key = keyOf(userId, conversationId)
    const known = typists.get(key)
    if (known !== undefined) return { typist: known, isNew: false }
    const typist: Typist = { conversationId, userId, connection, toldIds: othersOf(membership, userId), isTold: false, startedAtMs: performance.now(), endsAtMs: Number.POSITIVE_INFINITY }
    typists.set(key, typist)
    timer ??= setInterval(sweep, SWEEP_MS).unref()
    return { typist, isNew: true }
  }
  return {
    async start(connection, conversationId) {
      const { typist, isNew } = await find(connection, conversationId)
      const now = performance.now()
      typist.connection = connection
      typist.endsAtMs = now + ctx.settings.get('typingSeconds') * 1000
      if (!isNew && now - typist.startedAtMs < RELAY_MS) return
      typist.startedAtMs = now
      typist.isTold = true
      tell(typist, 'typing:start')
    },
    async stop(connection, conversationId) {
      const { typist, isNew } = await find(connection, conversationId)
      // What was started through another replica may be ended here.
      if (isNew) typist.isTold = true
      end(typist)
    },
    sent(userId, conversationId) {
      if (typists.size === 0) return
      const typist = typists.get(keyOf(userId, conversationId))
      if (typist !== undefined) end(typist)
    },
  }
}
