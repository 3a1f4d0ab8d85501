import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { recordOf, respond, textOf, type Answer, type SimulatedWorld } from './answering.ts'

export interface SmsOptions {
  apiKey: string
}

/** What arrived at a phone. */
export interface SimulatedSms {
  id: string
  to: string
  from: string
  text: string
  reference: string
  at: string
}

const kept = 10_000

export type Sms = ReturnType<typeof createSms>

/** A provider of SMS: one message a reference, however often it is asked for. */
export function createSms(world: SimulatedWorld, options: SmsOptions) {
  const byReference = new Map<string, SimulatedSms>()
  const bad = new Set<string>()

  function send(authorization: string | undefined, key: unknown, body: Record<string, unknown>): Answer {
    if (authorization !== `Bearer ${options.apiKey}`) return refuse(401, 'unauthorized', 'The key is not right.')
    const [to, from, text, reference] = ['to', 'from', 'text', 'reference'].map((name) => textOf(body, name) ?? '')
    if (!from || !text || !reference || key !== reference) return refuse(400, 'invalid_request', 'from, text and reference are required.')
    if (!/^\+\d{8,15}$/.test(to!) || bad.has(to!)) return refuse(400, 'invalid_number', 'Nobody has this number.')
    const known = byReference.get(reference)
    if (known) return { status: 200, body: { id: known.id } }
    const message = { id: randomUUID(), to: to!, from, text, reference, at: new Date(world.now()).toISOString() }
    byReference.set(reference, message)
    if (byReference.size > kept) byReference.delete(byReference.keys().next().value!)
    return { status: 202, body: { id: message.id } }
  }

  return {
    send,
    /** The oldest first. */
    messages: (to?: string): SimulatedSms[] => [...byReference.values()].filter((message) => to === undefined || message.to === to),
    /** From now on nobody has this number. */
    setBad: (to: string) => void bad.add(to),
    reset() {
      byReference.clear()
      bad.clear()
    },
  }
}

function refuse(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } }
}

export function smsRoutes(app: FastifyInstance, world: SimulatedWorld, sms: Sms) {
  app.post('/messages', (request, reply) =>
    respond(world, {
      provider: 'sms',
      operation: 'send',
      reply,
      failure: (status, retryAfterSeconds) => ({
        ...refuse(status, status === 429 ? 'too_many_requests' : 'unavailable', 'Try again later.'),
        ...(retryAfterSeconds !== null && { headers: { 'retry-after': String(retryAfterSeconds) } }),
      }),
      answer: () => sms.send(request.headers.authorization, request.headers['idempotency-key'], recordOf(request.body)),
    }),
  )
  app.get('/messages', (request) => ({ items: sms.messages(textOf(request.query, 'to')) }))
}
