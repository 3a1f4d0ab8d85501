import { randomUUID } from 'node:crypto'
import { openConversation } from '../modules/chat/index.ts'
import { transact } from '../platform/database.ts'
import { signIn, type Person } from './people.ts'
import type { TestApp } from './app.ts'

/** Two people with a conversation of their own, the mitra on the last replica. */
export type Pair = { customer: Person; mitra: Person; conversationId: string }

/** Signs two people in and opens a conversation between them, without the session around it. */
export async function pairUp(app: TestApp, options: { writableSeconds?: number } = {}): Promise<Pair> {
  const [customer, mitra] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'mitra', replica: app.replicas.length - 1 })])
  return { customer, mitra, conversationId: await converse(app, [customer, mitra], options) }
}

export async function converse(app: TestApp, people: readonly Pick<Person, 'id'>[], options: { writableSeconds?: number } = {}): Promise<string> {
  const { ctx } = app.replicas[0]!
  const id = ctx.ids.next()
  const now = await app.clock.now()
  const writableUntil = new Date(now.getTime() + (options.writableSeconds ?? 3600) * 1000)
  await transact(ctx, (tx) => openConversation(tx, { id, memberIds: people.map((person) => person.id), writableUntil }))
  return id
}

export type MessageRow = { seq: number; client_id: string; sender_id: string; body: string }

export async function messagesIn(app: TestApp, conversationId: string): Promise<MessageRow[]> {
  const rows = await app.query<MessageRow & { seq: string }>('select seq, client_id, sender_id, body from messages where conversation_id = $1 order by seq', [conversationId])
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }))
}

export const sendOf = (conversationId: string, body: string, clientId: string = randomUUID()) => ({ type: 'message:send', clientId, conversationId, body })
