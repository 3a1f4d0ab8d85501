import { randomInt, randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { recordOf, respond, textOf, type Answer, type SimulatedWorld } from './answering.ts'
import { createCourier } from './courier.ts'

export interface FazpassOptions {
  merchantKey: string
  gatewayKey: string
  /** Every code is this one; null makes real ones. */
  fixedCode: string | null
  /** Unverified what Fazpass's own are: it depends on the gateway's settings. */
  otpTtlSeconds: number
  maxAttempts: number
}

/** What arrived at a phone. */
export interface OtpMessage {
  phone: string
  otp: string
  at: string
  otpId: string
}

interface Otp {
  id: string
  phone: string
  code: string
  expiresAt: number
  attempts: number
  verified: boolean
}

const kept = 10_000

export type Fazpass = ReturnType<typeof createFazpass>

/** Fazpass: makes or takes codes, "sends" them and verifies them. */
export function createFazpass(world: SimulatedWorld, options: FazpassOptions) {
  const otps = new Map<string, Otp>()
  let inbox: OtpMessage[] = []
  const courier = createCourier<OtpMessage>(
    world,
    () => world.faults.current.fazpass.messages,
    async (message) => {
      inbox.push({ ...message, at: new Date(world.now()).toISOString() })
      if (inbox.length > kept) inbox = inbox.slice(-kept)
    },
  )

  function issue(phone: string, givenCode: string | undefined): Otp {
    const code = givenCode ?? options.fixedCode ?? String(randomInt(1_000_000)).padStart(6, '0')
    const expiresAt = world.now() + options.otpTtlSeconds * 1_000
    const otp: Otp = { id: randomUUID(), phone, code, expiresAt, attempts: 0, verified: false }
    otps.set(otp.id, otp)
    if (otps.size > kept) otps.delete(otps.keys().next().value!)
    void courier.send({ phone, otp: code, at: '', otpId: otp.id })
    return otp
  }

  function makeCode(operation: 'request' | 'generate' | 'send', body: Record<string, unknown>): Answer {
    const givenCode = textOf(body, 'otp')
    if (body['gateway_key'] !== options.gatewayKey) return refuse(404, 'Gateway not found')
    const to = addressOf(textOf(body, 'phone') ?? textOf(body, 'email') ?? '')
    if (to === '') return refuse(400, 'Phone or email is required')
    if (!/^\d{8,15}$|@/.test(to)) return refuse(400, 'Phone number is invalid')
    if (operation === 'send' && !/^\d{4,8}$/.test(givenCode ?? '')) {
      return refuse(400, 'OTP is required')
    }
    const otp = issue(to, operation === 'send' ? givenCode : undefined)
    return accept('OTP has been sent', {
      id: otp.id,
      otp: operation === 'generate' ? otp.code : 'X'.repeat(otp.code.length),
      otp_length: otp.code.length,
      channel: 'SMS',
      provider: 'Simulator',
      purpose: 'login',
    })
  }

  function verify(body: Record<string, unknown>): Answer {
    const otp = otps.get(textOf(body, 'otp_id') ?? '')
    if (!otp) return refuse(404, 'OTP ID not found')
    if (otp.verified) return refuse(400, 'OTP has been verified')
    if (otp.expiresAt <= world.now()) return refuse(400, 'OTP has expired')
    if (otp.attempts >= options.maxAttempts) return refuse(400, 'OTP has too many attempts')
    otp.attempts += 1
    if (textOf(body, 'otp') !== otp.code) return refuse(400, 'OTP is invalid')
    otp.verified = true
    return accept('OTP is verified', { id: otp.id, otp_length: otp.code.length })
  }

  return {
    makeCode,
    verify,
    authorization: `Bearer ${options.merchantKey}`,
    /** The oldest first; any common way to write the number will do. */
    messages: (phone?: string): OtpMessage[] => {
      const address = phone === undefined ? undefined : addressOf(phone)
      return inbox.filter((message) => address === undefined || message.phone === address)
    },
    reset() {
      otps.clear()
      inbox = []
      courier.reset()
    },
  }
}

// The envelope is Fazpass's; the table behind `code` is not public, so ours means nothing beyond success or not.
function accept(message: string, data: Record<string, unknown>): Answer {
  return { status: 200, body: { status: true, message, code: '2000100', data } }
}

function refuse(status: number, message: string): Answer {
  return { status, body: { status: false, message, code: `${status}0100` } }
}

function addressOf(phone: string): string {
  if (phone.includes('@')) return phone
  const digits = phone.replace(/\D/g, '')
  return digits.startsWith('0') ? `62${digits.slice(1)}` : digits
}

export function fazpassRoutes(app: FastifyInstance, world: SimulatedWorld, fazpass: Fazpass) {
  const asFazpass = (operation: string, answer: (body: Record<string, unknown>) => Answer) => {
    return (request: FastifyRequest, reply: FastifyReply) =>
      respond(world, {
        provider: 'fazpass',
        operation,
        reply,
        failure: (status, retryAfterSeconds) => ({
          ...refuse(status, status === 429 ? 'Too many requests' : 'Internal server error'),
          ...(retryAfterSeconds !== null && { headers: { 'retry-after': String(retryAfterSeconds) } }),
        }),
        answer: () => {
          if (request.headers.authorization !== fazpass.authorization) return refuse(401, 'Unauthorized')
          return answer(recordOf(request.body))
        },
      })
  }
  app.post('/v1/otp/request', asFazpass('request', (body) => fazpass.makeCode('request', body)))
  app.post('/v1/otp/generate', asFazpass('generate', (body) => fazpass.makeCode('generate', body)))
  app.post('/v1/otp/send', asFazpass('send', (body) => fazpass.makeCode('send', body)))
  app.post('/v1/otp/verify', asFazpass('verify', fazpass.verify))
  app.get('/messages', (request) => ({ items: fazpass.messages(textOf(request.query, 'phone')) }))
}
