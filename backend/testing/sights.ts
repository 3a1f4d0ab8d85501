import type { Change, Message } from '../modules/chat/contract.ts'
import type { Stored, What } from './history.ts'
import type { ReceivedFrame } from './socket.ts'

/** What a frame shows of its conversation, for the history checker: nothing only where it is about none, or a refusal. */
export function sightsIn(frame: ReceivedFrame): What[] {
  if (typeof frame['conversationId'] !== 'string' || frame.type === 'error') return []
  if (frame.type === 'message:received') return [seen(frame as ReceivedFrame & Message)] // its fields are the wire's
  if (frame.type === 'message:changed') return [changed(frame as ReceivedFrame & Change)]
  const heard: What = { do: 'hear', frame: frame.type, ...(frame['seq'] === undefined ? {} : { seq: frame['seq'] }), ...(frame['userId'] === undefined ? {} : { of: frame['userId'] }) }
  if (frame.type !== 'conversation:synced') return [heard]
  // A page without anything in it tells that there is a conversation.
  return [heard, ...(frame['messages'] as Message[]).map(seen), ...(frame['changes'] as Change[]).map(changed)]
}

const seen = (message: Message): What => ({ do: 'see', message: toStored(message) })
const changed = ({ seq, change, body = '', deleted }: Change): What => ({ do: 'see change', seq, change, body, ...(deleted ? { deleted } : {}) })

/** What the checker compares of a message, wherever it was seen. */
export function toStored({ seq, clientId, senderId, body, change, deleted }: { [K in keyof Stored]?: Stored[K] | undefined } & Pick<Stored, 'seq' | 'clientId' | 'senderId' | 'body'>): Stored {
  return { seq, clientId, senderId, body, ...(change === undefined ? {} : { change }), ...(deleted === true ? { deleted: true } : {}) }
}
