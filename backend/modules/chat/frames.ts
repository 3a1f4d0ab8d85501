import type { z } from 'zod'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { SignedIn } from '../../platform/realtime/connection.ts'
import { frameHandler, refusalOf, type FrameHandler } from '../../platform/realtime/frames.ts'
import { deleteFrame, deliveredFrame, editFrame, readFrame, sendFrame, syncFrame, typingStartFrame, typingStopFrame } from './contract.ts'
import { changeOf } from './message-row.ts'
import { paceSyncs } from './pace-syncs.ts'
import type { Sender } from './sender.ts'
import { createSync } from './sync-conversations.ts'
import { createTyping, type Typing } from './typing.ts'

type Count = { inc(): void }
/** What a send needs: who stores it, who hears of it, and where it is counted. */
type Sends = { sender: Sender; typing: Typing; acked: Count; refused: Count; unsure: Count; ackSeconds: { observe(seconds: number): void } }
type ChangeFrame = z.output<typeof editFrame> | z.output<typeof deleteFrame>

/** The chat's frames. */
export function chatFrames(ctx: Ctx, sender: Sender): FrameHandler[] {
  const sync = paceSyncs(createSync(ctx))
  const typing = createTyping(ctx, sender.members)
  const { sends: answered, ackSeconds } = ctx.metrics
  const outcome = (name: string) => answered.labels({ outcome: name })
  const sends = { sender, typing, acked: outcome('acked'), refused: outcome('refused'), unsure: outcome('not_ready'), ackSeconds }
  const receipt = (what: 'read' | 'delivered') => async (_ctx: Ctx, connection: SignedIn, frame: { conversationId: string; seq: number }) => {
    await sender.receipts({ conversationId: frame.conversationId, userId: connection.actor.id, what, seq: frame.seq, connectionId: connection.id })
  }
  const change = (_ctx: Ctx, connection: SignedIn, frame: ChangeFrame) => changeMessage(ctx, sender, connection, frame)
  return [
    frameHandler({ type: 'message:send', schema: sendFrame, handle: (_ctx, connection, frame) => sendMessage(ctx, sends, connection, frame), refuse: refuseSend }),
    frameHandler({ type: 'message:edit', schema: editFrame, handle: change }),
    frameHandler({ type: 'message:delete', schema: deleteFrame, handle: change }),
    frameHandler({ type: 'message:read', schema: readFrame, handle: receipt('read') }),
    frameHandler({ type: 'message:delivered', schema: deliveredFrame, handle: receipt('delivered') }),
    frameHandler({ type: 'typing:start', schema: typingStartFrame, handle: (_ctx, connection, frame) => typing.start(connection, frame.conversationId) }),
    frameHandler({ type: 'typing:stop', schema: typingStopFrame, handle: (_ctx, connection, frame) => typing.stop(connection, frame.conversationId) }),
    frameHandler({ type: 'sync', schema: syncFrame, handle: (_ctx, connection, frame) => sync(connection, frame.conversations) }),
  ]
}

async function sendMessage(ctx: Ctx, { sender, typing, ...told }: Sends, connection: SignedIn, frame: z.output<typeof sendFrame>): Promise<void> {
  const { clientId, conversationId, body } = frame
  const cameAtMs = performance.now()
  try {
    const message = await sender.send({ conversationId, senderId: connection.actor.id, clientId: clientId.toLowerCase(), body, connectionId: connection.id })
    typing.sent(connection.actor.id, conversationId)
    crashPoint('message.acking')
    connection.sendFrame({ type: 'message:ack', clientId, conversationId, id: message.id, seq: message.seq, sentAt: message.sentAt })
    told.acked.inc()
    told.ackSeconds.observe((performance.now() - cameAtMs) / 1000)
  } catch (error) {
    // `not_ready` alone leaves open whether it is stored: the client keeps it and sends it again. Any other code is final.
    const refusal = refusalOf(ctx, error, 'message:send')
    connection.sendFrame({ type: 'message:rejected', clientId, ...refusal })
    ;(refusal.code === 'not_ready' ? told.unsure : told.refused).inc()
  }
}

/** What a client calls its message is told back to it even where it is no UUID, within reason. */
const CLIENT_ID_SHOWN = 200

// A send that can be named is refused by its name, so that the client's outbox lets go of it.
function refuseSend(_ctx: Ctx, connection: SignedIn, frame: Record<string, unknown>): boolean {
  const { clientId } = frame
  if (typeof clientId !== 'string' || clientId.length > CLIENT_ID_SHOWN) return false
  connection.sendFrame({ type: 'message:rejected', clientId, code: 'validation_failed', detail: 'message:send has clientId, conversationId and body, and nothing else.' })
  return true
}

// Who changed a message gets `message:changed` with all the others; a repeat, which tells nobody, is answered to them alone.
async function changeMessage(ctx: Ctx, sender: Sender, connection: SignedIn, frame: ChangeFrame): Promise<void> {
  const { conversationId, seq } = frame
  try {
    const { message, isRepeat } = await sender.change({ conversationId, userId: connection.actor.id, seq, body: frame.type === 'message:edit' ? frame.body : null })
    if (isRepeat) connection.sendFrame({ type: 'message:changed', ...changeOf(message) })
  } catch (error) {
    const { code, detail } = refusalOf(ctx, error, frame.type)
    connection.sendError(code, detail, frame.type, { conversationId, seq })
  }
}
