// A relay as bare as one can be: what the product's promises cost is seen beside it. Acks and passes messages on to the
// peer, on whichever relay the peer is; with DATABASE_URL it first stores each message by one INSERT, each receipt by one UPDATE of its own.
// Prints its port. Arguments: the URL of Valkey.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'iovalkey'
import pg from 'pg'
import { v7 } from 'uuid'
import { WebSocketServer, type WebSocket } from 'ws'

const CHANNEL = 'relay'
const [valkeyUrl = ''] = process.argv.slice(2)
const databaseUrl = process.env['DATABASE_URL']
const pool = databaseUrl === undefined ? undefined : new pg.Pool({ connectionString: databaseUrl, max: 20 })
const publisher = new Redis(valkeyUrl)
const subscriber = new Redis(valkeyUrl)
const conversations = new Map<string, Set<WebSocket>>()
const senders = new Map<string, WebSocket>()
let seq = 0
let waiting: string[] = []

type Sent = { type: 'message:send'; clientId: string; conversationId: string; body: string } | { type: 'message:delivered'; conversationId: string; seq: number }

// Those of one turn of the event loop go in one publish, as the product does it.
function publish(frame: string): void {
  if (waiting.push(frame) > 1) return
  setImmediate(() => {
    const batch = waiting
    waiting = []
    void publisher.publish(CHANNEL, batch.join('\n'))
  })
}

async function relay(socket: WebSocket, sender: string, frame: Sent): Promise<void> {
  if (frame.type === 'message:delivered') return relayReceipt(sender, frame.conversationId, frame.seq)
  const { clientId, conversationId, body } = frame
  const place = ++seq
  const id = v7()
  if (pool) {
    await pool.query({
      name: 'store', text: 'insert into raw_messages (conversation_id, seq, id, client_id, sender_id, body) values ($1, $2, $3, $4, $5, $6)',
      values: [conversationId, place * 2 + Number(process.env['ODD'] ?? 0), id, clientId, sender, body],
    })
  }
  const sentAt = new Date().toISOString()
  socket.send(JSON.stringify({ type: 'message:ack', clientId, conversationId, id, seq: place, sentAt }))
  publish(JSON.stringify({ type: 'message:received', conversationId, seq: place, id, clientId, senderId: sender, body, sentAt }))
}

async function relayReceipt(sender: string, conversationId: string, arrived: number): Promise<void> {
  await pool?.query({
    name: 'receipt', text: 'insert into raw_receipts values ($1, $2, $3) on conflict (conversation_id, user_id) do update set seq = greatest(raw_receipts.seq, excluded.seq)',
    values: [conversationId, sender, arrived],
  })
  publish(JSON.stringify({ type: 'message:delivered', conversationId, seq: arrived, senderId: sender }))
}

function open(socket: WebSocket, request: IncomingMessage): void {
  const conversationId = (request.headers.authorization ?? '').slice('Bearer '.length)
  const sender = v7()
  senders.set(sender, socket)
  const members = conversations.get(conversationId) ?? new Set()
  conversations.set(conversationId, members.add(socket))
  socket.on('message', (data: Buffer) => void relay(socket, sender, JSON.parse(data.toString()) as Sent)) // the load generator sends nothing else
  socket.on('close', () => members.delete(socket))
  socket.send('{"type":"ready"}')
}

subscriber.on('message', (_channel, batch: string) => {
  for (const frame of batch.split('\n')) {
    const { conversationId, senderId } = JSON.parse(frame) as { conversationId: string; senderId: string }
    const sender = senders.get(senderId)
    for (const socket of conversations.get(conversationId) ?? []) if (socket !== sender) socket.send(frame, { binary: false })
  }
})
await subscriber.subscribe(CHANNEL)
const server = createServer()
new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false }).on('connection', open)
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port)) // a listening TCP server has one
