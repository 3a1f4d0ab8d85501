import type { Ctx } from '../../platform/ctx.ts'
import type { Message } from './contract.ts'
import type { Members, Membership } from './members.ts'

export type Teller = {
  /** Begins to read who is in it where that is not known: called before a message is stored, so that it is known after. */
  prepare(conversationId: string): void
  /** Publishes a stored message to the members; at once where they are known. In a conversation, in the order of the calls. */
  tell(message: Message, exceptConnectionId: string | undefined): void
  /** Resolves when nothing waits for its members. */
  settled(): Promise<void>
}

type Told = { message: Message; exceptConnectionId: string | undefined }

/**
 * Tells members of messages. Who sent one is never kept waiting for who is told: where members can't be read, the
 * healer finds the messages.
 */
export function createTeller(ctx: Ctx, members: Members): Teller {
  /** Conversations whose members are being read, and what they are told then. */
  const reading = new Map<string, { told: Told[]; done: Promise<void> }>()

  const publish = ({ memberIds }: Membership, message: Message, exceptConnectionId: string | undefined) => {
    ctx.publish(memberIds, { type: 'message:received', ...message }, { exceptConnectionId, position: { stream: message.conversationId, seq: message.seq } })
  }
  const read = async (conversationId: string, told: readonly Told[]) => {
    let membership: Membership | undefined
    try {
      membership = await members.find(conversationId)
    } catch (error) {
      ctx.log.warn({ err: error }, 'members could not be read')
    }
    // Both in one turn: what comes next finds its members known, and nothing before it.
    reading.delete(conversationId)
    if (membership !== undefined) for (const { message, exceptConnectionId } of told) publish(membership, message, exceptConnectionId)
  }
  const begin = (conversationId: string, told: Told[]) => void reading.set(conversationId, { told, done: read(conversationId, told) })

  return {
    prepare(conversationId) {
      if (members.peek(conversationId) === undefined && !reading.has(conversationId)) begin(conversationId, [])
    },
    tell(message, exceptConnectionId) {
      const pending = reading.size === 0 ? undefined : reading.get(message.conversationId)
      if (pending !== undefined) {
        pending.told.push({ message, exceptConnectionId })
        return
      }
      const membership = members.peek(message.conversationId)
      if (membership === undefined) begin(message.conversationId, [{ message, exceptConnectionId }])
      else publish(membership, message, exceptConnectionId)
    },
    async settled() {
      while (reading.size > 0) await Promise.all([...reading.values()].map(({ done }) => done))
    },
  }
}
