// A chat client for the terminal: prints every frame, and sends every line that is typed to the open conversation.
// npm run socket -- <access token>      or: npm run socket -- <phone> <customer | mitra>
// Ctrl-C ends it; so does the end of its input, once everything is acked.
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { openSocket, positionals, print, signIn } from './client.mjs'

const [who, kind = 'customer'] = positionals
if (!who) {
  print('usage: npm run socket -- <access token>   or   npm run socket -- <phone> <customer | mitra>')
  process.exit(1)
}
const token = who.startsWith('+') ? (await signIn(who, kind)).token : who

let conversationId
const socket = openSocket(token, (frame) => {
  print(`← ${JSON.stringify(frame)}`)
  if (frame.type === 'session:updated') conversationId = frame.session.conversationId ?? conversationId
  if (frame.type === 'closed') process.exit(frame.code === 1000 || frame.code === 1005 ? 0 : 1)
})
const ready = await socket.next('ready')
conversationId ??= ready.sessions.find((session) => session.conversationId)?.conversationId

for await (const body of createInterface({ input: process.stdin })) {
  if (body.trim() === '') continue
  if (!conversationId) {
    print('no session with a conversation is open yet')
    continue
  }
  const frame = { type: 'message:send', clientId: randomUUID(), conversationId, body }
  print(`→ ${JSON.stringify(frame)}`)
  socket.send(frame)
  await socket.next('message:ack', 'message:rejected')
}
socket.close()
