import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { databaseErrorCode } from './database.ts'
import { AppError, ERROR_KINDS, STATUS_OF_KIND, type ErrorCode, type FieldError } from './errors.ts'
import type { Log } from './log.ts'

/** An error on the wire, RFC 9457. */
export type Problem = {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  instance: string
  requestId: string
  errors?: readonly FieldError[]
  until?: string
  messages?: Readonly<Record<'id' | 'en', string>>
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** The path without its query: a query may hold what must not be repeated or logged. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

export function problemOf(error: AppError, request: { url: string; id: string }): Problem {
  const words = error.code.replaceAll('_', ' ')
  return {
    type: `https://halobestie.com/problems/${error.code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: error.status,
    code: error.code,
    detail: error.message,
    instance: pathOf(request.url),
    requestId: request.id,
    ...(error.errors ? { errors: error.errors } : {}),
    ...(error.until ? { until: error.until.toISOString() } : {}),
    ...(error.messages ? { messages: error.messages } : {}),
  }
}

/** Answers with the problem; already serialized, so that no response schema of the route strips it. */
export function sendProblem(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const retryAfterSeconds = error.retryAfterSeconds ?? (error.status === 503 ? 1 : undefined)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(retryAfterSeconds)))
  return reply.code(error.status).type(PROBLEM_TYPE).send(JSON.stringify(problemOf(error, request)))
}

/** The one error handler: whatever was thrown becomes a problem, and a fault of ours is logged whole. */
export function handleError(log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = refusalOf(error)
  if (told.status === 500) log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed')
  else if (told.code === 'not_ready') log.warn({ err: error, route: request.routeOptions.url }, 'a dependency is away')
  return sendProblem(told, request, reply)
}

/** What the caller is told about an error, whoever threw it. */
export function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (hasZodFastifySchemaValidationErrors(error)) return new AppError('validation_failed', 'The request is not as it must be.', { errors: fieldErrors(error) })
  const code = databaseErrorCode(error)
  if (code !== undefined) return refusalOfDatabase(code)
  if (isAway(error)) return new AppError('not_ready', 'The service is not ready. Try again shortly.')
  return refusalOfFastify(error as Partial<FastifyError>)
}

type ZodRefusal = { validation: readonly { keyword: string; instancePath: string; message?: string; params: object }[] }

function fieldErrors(error: ZodRefusal): FieldError[] {
  return error.validation.slice(0, 50).flatMap((issue) => {
    const path = issue.instancePath.slice(1).replaceAll('/', '.')
    const extras = 'keys' in issue.params && Array.isArray(issue.params.keys) ? (issue.params.keys as string[]) : undefined
    if (!extras) return [{ path, code: issue.keyword, message: issue.message ?? '' }]
    return extras.slice(0, 50).map((key) => ({ path: path === '' ? key : `${path}.${key}`, code: issue.keyword, message: 'Unknown field.' }))
  })
}

// 22021, 22P05: a text with a character that Postgres can't store (NUL); every other data error is a fault of ours.
const UNSTORABLE_TEXT = new Set(['22021', '22P05'])
/** Out of connections, locks or time, shutting down, read-only: later it works. */
const TEMPORARY = /^(08|53|57P|57014|55P03|25006|25P03|40001|40P01)/

function refusalOfDatabase(code: string): AppError {
  if (UNSTORABLE_TEXT.has(code)) return new AppError('validation_failed', 'A text holds a character that cannot be stored.')
  if (TEMPORARY.test(code)) return new AppError('not_ready', 'The service is not ready. Try again shortly.')
  return fault()
}

const AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/
const AWAY_TEXT = /Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed)|Cannot use a pool after/

// pg tells of a lost connection by plain errors without a SQLSTATE.
function isAway(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && AWAY.test(at.code)) return true
    if (AWAY_TEXT.test(at.message)) return true
  }
  return false
}

function refusalOfFastify(error: Partial<FastifyError>): AppError {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('payload_too_large', 'The body is too large.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AppError('unsupported_media_type', 'Send application/json.')
    default:
  }
  const status = error.statusCode ?? 500
  // 414: a parameter longer than any id names nothing.
  if (status === 404 || status === 414) return new AppError('not_found', 'There is nothing here.')
  if (status >= 400 && status < 500) return new AppError('validation_failed', 'The request could not be read.')
  return fault()
}

function fault(): AppError {
  return new AppError('internal', 'Something went wrong on our side.')
}

/** Whether this code is one that callers may be told. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_KINDS, code) && STATUS_OF_KIND[ERROR_KINDS[code as ErrorCode]] !== undefined
}
