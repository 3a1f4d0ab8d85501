import type { PublishOptions } from './publish.ts'

/** One event on its way to the other replicas: whom it goes to, and its frame as text that nobody parses again. */
export type Envelope = { userIds: readonly string[]; text: string; options: Omit<PublishOptions, 'exceptConnectionId'> }

// Lines: the sender's id, then for each event its header and its frame. JSON has no raw line breaks.
export function encodeEnvelopes(replicaId: string, envelopes: readonly Envelope[]): string {
  let message = replicaId
  for (const { userIds, text, options } of envelopes) message += `\n${headerOf(userIds, options)}\n${text}`
  return message
}

/** What another replica sent; undefined for one's own and for what is not ours. */
export function decodeEnvelopes(replicaId: string, message: string): Envelope[] | undefined {
  const lines = message.split('\n')
  if (lines[0] === replicaId || lines.length % 2 === 0) return undefined
  const envelopes: Envelope[] = []
  for (let at = 1; at < lines.length; at += 2) {
    const envelope = readHeader(lines[at]!, lines[at + 1]!)
    if (envelope === undefined) return undefined
    envelopes.push(envelope)
  }
  return envelopes
}

function headerOf(userIds: readonly string[], { droppable, position, key }: Envelope['options']): string {
  return `${userIds.join(',')} ${droppable === true ? 'd' : ''} ${position === undefined ? '' : `${position.stream}#${position.seq}`} ${key ?? ''}`
}

function readHeader(header: string, text: string): Envelope | undefined {
  const [users, flags, place, key] = header.split(' ')
  if (users === undefined || place === undefined || key === undefined) return undefined
  const options: Envelope['options'] = {}
  if (flags === 'd') options.droppable = true
  if (key !== '') options.key = key
  if (place !== '') {
    const at = place.lastIndexOf('#')
    options.position = { stream: place.slice(0, at), seq: Number(place.slice(at + 1)) }
  }
  return { userIds: users.split(','), text, options }
}
