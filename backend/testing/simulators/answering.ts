import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { ApiError, FaultBoard, Provider } from './faults.ts'
import type { Life } from './life.ts'

/** What all simulated companies share. `now` is in epoch milliseconds. */
export interface SimulatedWorld {
  life: Life
  faults: FaultBoard
  now(): number
  /** The simulators' own address, known once they listen. */
  baseUrl(): string
  /** How often each call came in, by `provider.operation`. */
  calls: Map<string, number>
}

export interface Answer {
  status: number
  body: unknown
  headers?: Record<string, string>
  spoil?: 'hang' | 'reset'
}

interface Call {
  provider: Provider
  operation: string
  reply: { hijack(): unknown; raw: ServerResponse | Http2ServerResponse }
  answer(): Answer | Promise<Answer>
  /** The provider's own way to say this status. */
  failure(status: number, retryAfterSeconds: number | null): Answer
}

/** Answers a call to a provider, or does to it what the faults in force ask for. */
export async function respond(world: SimulatedWorld, call: Call): Promise<void> {
  const name = `${call.provider}.${call.operation}`
  world.calls.set(name, (world.calls.get(name) ?? 0) + 1)
  call.reply.hijack()
  // HTTP/2's compatibility response has every method used here; only its declared overloads differ.
  const raw = call.reply.raw as ServerResponse
  const plan = world.faults.planCall(call.provider, call.operation)
  const answerIsHit = plan.error === 'garbage' || plan.error === 'shapeless' || plan.error === 'truncate'

  if (!plan.afterEffect) await world.life.wait(plan.delayMs)
  if (plan.error !== null && !plan.afterEffect && !answerIsHit) {
    spoil(raw, plan.error, call.failure(statusOf(plan.error), plan.retryAfterSeconds))
    return
  }
  let answer: Answer
  try {
    answer = await call.answer()
  } catch (error) {
    const failure = call.failure(500, null)
    send(raw, { ...failure, body: { ...(failure.body as object), simulatorDefect: String(error) } })
    return
  }
  if (plan.afterEffect) await world.life.wait(plan.delayMs)
  if (plan.error === null) send(raw, answer)
  else spoil(raw, plan.error, answerIsHit ? answer : call.failure(statusOf(plan.error), plan.retryAfterSeconds))
}

function statusOf(error: ApiError): number {
  return typeof error === 'number' ? error : 502
}

function spoil(raw: ServerResponse, error: ApiError, answer: Answer) {
  if (error === 'hang') return
  if (error === 'reset') raw.socket?.destroy()
  else if (error === 'html502') sendText(raw, 502, 'text/html; charset=utf-8', badGatewayPage, {})
  else if (error === 'garbage') sendText(raw, 200, 'application/json', '{"id":\u0000\u0007 <<not json', {})
  else if (error === 'shapeless') sendText(raw, 200, 'application/json', '{}', {})
  else if (error === 'truncate') truncate(raw, answer)
  else send(raw, answer)
}

function send(raw: ServerResponse, answer: Answer) {
  if (answer.spoil) spoil(raw, answer.spoil, answer)
  else sendText(raw, answer.status, 'application/json; charset=utf-8', JSON.stringify(answer.body), answer.headers ?? {})
}

function sendText(raw: ServerResponse, status: number, type: string, text: string, headers: Record<string, string>) {
  if (raw.destroyed || raw.writableEnded) return
  raw.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers })
  raw.end(text)
}

function truncate(raw: ServerResponse, answer: Answer) {
  if (raw.destroyed || raw.writableEnded) return
  const whole = Buffer.from(JSON.stringify(answer.body))
  raw.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': whole.byteLength,
    ...answer.headers,
  })
  raw.write(whole.subarray(0, Math.floor(whole.byteLength / 2)), () => raw.socket?.destroy())
}

const badGatewayPage =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>'

/** The body of a request as a record; what is no JSON object is an empty one. */
export function recordOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
}

/** A field of a record when it is text. */
export function textOf(record: unknown, name: string): string | undefined {
  const value = recordOf(record)[name]
  return typeof value === 'string' ? value : undefined
}
