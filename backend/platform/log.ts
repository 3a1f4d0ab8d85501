import { pino, type Logger } from 'pino'
import { AsyncLocalStorage } from 'node:async_hooks'

export type Log = Logger

/** Carries the request id into every line logged on behalf of a request. */
export const requestScope = new AsyncLocalStorage<{ requestId: string }>()

/** pino's number of `error`; `fatal` is above it. */
const ERROR_LEVEL = 50
const SECRET_FIELDS = ['authorization', 'cookie', 'password', 'token', 'accessToken', 'refreshToken', 'code', 'otp', 'phone', 'body', 'totp']

/** JSON lines with `timestamp`, `service`, `environment`; never message text, tokens, codes or phone numbers. */
export function createLog(options: { level: string; environment: string; destination?: NodeJS.WritableStream; traceId?: () => string | undefined; failed?: (error: unknown, fields: Record<string, unknown>) => void }): Log {
  return pino(
    {
      level: options.level,
      base: { service: 'halobestie', environment: options.environment },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // A copy, because pino merges each line's fields into what it is given.
      mixin: () => {
        const traceId = options.traceId?.()
        return { ...requestScope.getStore(), ...(traceId === undefined ? {} : { traceId }) }
      },
      serializers: { err: describeError },
      // What is logged as an error with its cause is what nobody expected: reports are made here and nowhere else.
      hooks: {
        logMethod(given, method, level) {
          const [fields] = given as unknown[]
          if (level >= ERROR_LEVEL && typeof fields === 'object' && fields !== null && 'err' in fields) options.failed?.(fields.err, { ...requestScope.getStore(), ...fields })
          method.apply(this, given)
        },
      },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `req.headers.${field}`]), censor: '[redacted]' },
    },
    options.destination ?? pino.destination({ dest: 1, sync: false }),
  )
}

// drizzle's errors carry the statement's parameters in their message (phone numbers, texts): only the cause is logged.
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const isQuery = error.name === 'DrizzleQueryError' || error.message.startsWith('Failed query')
  const shown = isQuery && error.cause instanceof Error ? error.cause : error
  return {
    type: shown.name,
    message: isQuery && shown === error ? 'query failed' : shown.message,
    ...('code' in shown ? { code: shown.code } : {}),
    ...('constraint' in shown ? { constraint: shown.constraint } : {}),
    stack: isQuery ? stackOnly(error) : shown.stack,
  }
}

function stackOnly(error: Error): string {
  return (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')).join('\n')
}
