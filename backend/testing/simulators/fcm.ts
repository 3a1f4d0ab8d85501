import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { recordOf, textOf, type Answer, type SimulatedWorld } from './answering.ts'
import { createCourier } from './courier.ts'
import { invalidPayload, permissionDenied, tokenAnswer, unauthenticated } from './fcm-answers.ts'

export interface FcmOptions {
  /** Messages for another project are refused, as with a foreign service account; left out, all are taken. */
  projectId?: string | undefined
  /** Any other access token is refused; left out, all are taken. */
  accessToken?: string | undefined
}

/** An FCM v1 message as it was received. */
export type FcmMessage = Record<string, unknown>

/** One call, whatever became of it. */
export interface FcmAttempt {
  token: string
  at: string
  /** `accepted`, `refused` (a payload or credential that FCM never takes) or the behaviour that was set. */
  outcome: string
  message: FcmMessage
}

const kept = 10_000
const maxPayloadBytes = 4_096
const targets = ['token', 'topic', 'condition', 'fid']
const contents = ['name', 'data', 'notification', 'android', 'webpush', 'apns', 'fcmOptions', 'fcm_options']
const knownFields = new Set([...targets, ...contents])

export type Fcm = ReturnType<typeof createFcm>

/** Firebase Cloud Messaging, HTTP v1: takes messages and keeps what arrived at each device. */
export function createFcm(world: SimulatedWorld, options: FcmOptions) {
  let arrived: FcmMessage[] = []
  let attempts: FcmAttempt[] = []
  const courier = createCourier<FcmMessage>(
    world,
    () => world.faults.current.fcm.messages,
    async (message) => {
      arrived.push(message)
      if (arrived.length > kept) arrived = arrived.slice(-kept)
    },
  )

  function note(message: FcmMessage, outcome: string) {
    attempts.push({ token: targetOf(message), at: new Date(world.now()).toISOString(), outcome, message })
    if (attempts.length > kept) attempts = attempts.slice(-kept)
  }

  async function send(projectId: string, headers: IncomingHttpHeaders, body: unknown): Promise<Answer> {
    const message = recordOf(recordOf(body)['message'])
    const refusal = refuse(projectId, headers, body, message)
    if (refusal) {
      note(message, 'refused')
      return refusal
    }
    const fault = world.faults.drawToken(targetOf(message))
    if (fault?.behaviour === 'slow') {
      await world.life.wait(fault.delayMs)
    } else if (fault) {
      note(message, fault.behaviour)
      return tokenAnswer({ behaviour: fault.behaviour, retryAfterSeconds: fault.retryAfterSeconds })
    }
    note(message, 'accepted')
    if (recordOf(body)['validate_only'] !== true) void courier.send(message)
    const id = `0:${world.now()}${randomBytes(8).toString('hex')}`
    return { status: 200, body: { name: `projects/${projectId}/messages/${id}` } }
  }

  function refuse(projectId: string, headers: IncomingHttpHeaders, body: unknown, message: FcmMessage) {
    const token = /^Bearer (.+)/.exec(headers.authorization ?? '')?.[1]
    if (token === undefined || (options.accessToken !== undefined && options.accessToken !== token)) return unauthenticated()
    if (options.projectId !== undefined && options.projectId !== projectId) return permissionDenied(projectId)
    if (body instanceof SyntaxError) return invalidPayload('', 'Invalid JSON payload received.')
    return payloadFault(message)
  }

  return {
    send,
    /** What arrived, exactly as received, the oldest first. */
    messages: (token?: string) => arrived.filter((message) => token === undefined || targetOf(message) === token),
    attempts: (token?: string) => attempts.filter((attempt) => token === undefined || attempt.token === token),
    reset() {
      arrived = []
      attempts = []
      courier.reset()
    },
  }
}

function targetOf(message: FcmMessage): string {
  const target = message['token'] ?? message['fid'] ?? message['topic'] ?? message['condition']
  return typeof target === 'string' ? target : ''
}

/** What FCM itself finds wrong in a message: the checks that a wrong product would meet in production. */
function payloadFault(message: FcmMessage): Answer | undefined {
  const unknown = Object.keys(message).find((field) => !knownFields.has(field))
  if (unknown !== undefined) return invalidPayload('message', `Unknown name "${unknown}": Cannot find field.`)
  if (targetOf(message) === '') return invalidPayload('message', 'Recipient of the message is not set.')
  for (const [key, value] of Object.entries(recordOf(message['data']))) {
    if (typeof value !== 'string') return invalidPayload('message.data', `The value of "${key}" is not a string.`)
    if (key === 'from' || key === 'message_type' || /^(google|gcm)/.test(key)) {
      return invalidPayload('message.data', `Invalid data payload key: ${key}`)
    }
  }
  const payload = { data: message['data'], notification: message['notification'] }
  if (Buffer.byteLength(JSON.stringify(payload)) > maxPayloadBytes) {
    return invalidPayload('message', 'Android message is too big')
  }
  return undefined
}

/** What was pushed, on the simulators' plain port. */
export function fcmInspectionRoutes(app: FastifyInstance, fcm: Fcm, endpoint: () => unknown) {
  app.get('/', () => endpoint())
  app.get('/messages', (request) => ({ items: fcm.messages(textOf(request.query, 'token')) }))
  app.get('/attempts', (request) => ({ items: fcm.attempts(textOf(request.query, 'token')) }))
}
