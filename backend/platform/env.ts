import { z } from 'zod'
import { CRASH_POINTS } from './crash-points.ts'
import { isHostOrNetwork } from './networks.ts'
import { isTrustProxy } from './trust-proxy.ts'

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')
const port = z.coerce.number().int().min(0).max(65_535)
const list = z.string().transform((value) => value.split(',').map((item) => item.trim()).filter((item) => item !== ''))
const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), `must be a URL of ${protocols.join(' or ')}`)
const http = url('http:', 'https:')
// A list of browsers' origins: scheme, host and port, nothing behind them, and never everybody.
const origins = list.refine((items) => items.every((item) => URL.canParse(item) && /^https?:$/.test(new URL(item).protocol) && new URL(item).origin === item && !item.includes('*')), 'must be a list of origins like https://app.example.com, without a wildcard')
// An address, or a name in front of one: `Halobestie <no-reply@example.com>`.
const mailbox = z.string().refine((value) => z.email().safeParse(/^[^<>"\r\n]{1,60}<([^<>]+)>$/.exec(value)?.[1] ?? value).success, 'must be an address, or like Name <name@example.com>')
const secret = z.string().min(32, 'must have at least 32 characters')

const jsonList = <T extends z.ZodType>(item: T) =>
  z.string().transform((value, context) => {
    try {
      return JSON.parse(value) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' })
      return z.NEVER
    }
  }).pipe(z.array(item).min(1))

const jwtKey = z.strictObject({ kid: z.string().min(1), secret, active: z.boolean().default(false), validUntil: z.iso.datetime().optional() })
const dataKey = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,16}$/),
  key: z.string().refine((value) => Buffer.from(value, 'base64').length === 32, 'must be 32 bytes in base64'),
  active: z.boolean().default(false),
})

const variables = z.object({
  APP_ENV: z.enum(['development', 'staging', 'production']),
  PORT: port.default(3000),
  HOST: z.string().default('0.0.0.0'),
  INTERNAL_PORT: port.default(3001),
  INTERNAL_HOST: z.string().refine(isHostOrNetwork, 'must be an address, a name, or a network of at least 8 bits like 10.20.0.0/24').default('127.0.0.1'),
  INTERNAL_ALLOW_ALL_INTERFACES: flag.default(false),
  SIMULATOR_PORT: port.optional(),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  VALKEY_URL: url('redis:', 'rediss:', 'valkey:', 'valkeys:'),
  POOL_MAX: z.coerce.number().int().min(2).max(200).default(20),
  AUTH_JWT_KEYS: jsonList(jwtKey).optional(),
  AUTH_JWT_SECRET: secret.optional(),
  DATA_ENCRYPTION_KEYS: jsonList(dataKey),
  PHONE_HASH_KEY: secret.optional(),
  FAZPASS_ENABLED: flag.default(false),
  FAZPASS_BASE_URL: http.default('https://api.fazpass.com'),
  FAZPASS_MERCHANT_KEY: z.string().optional(),
  FAZPASS_GATEWAY_KEY: z.string().optional(),
  OTP_TEST_PHONES: list.default([]),
  XENDIT_ENABLED: flag.default(false),
  XENDIT_BASE_URL: http.default('https://api.xendit.co'),
  XENDIT_SECRET_KEY: z.string().optional(),
  XENDIT_WEBHOOK_TOKEN: z.string().min(16).optional(),
  XENDIT_WEBHOOK_TOKEN_PREVIOUS: z.string().min(16).optional(),
  XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: z.iso.datetime().optional(),
  XENDIT_SUCCESS_REDIRECT_URL: http.optional(),
  XENDIT_FAILURE_REDIRECT_URL: http.optional(),
  FIREBASE_SERVICE_ACCOUNT_PATH: z.string().optional(),
  FIREBASE_PROJECT_ID: z.string().optional(),
  FIREBASE_AUTH_EMULATOR_HOST: z.string().optional(),
  FCM_SIMULATOR: z.string().optional(),
  /** The mail server that letters leave by; none are sent without it. */
  SMTP_URL: url('smtp:', 'smtps:').optional(),
  /** A certificate authority of the mail server's own, in PEM; line breaks may be written as \\n. */
  SMTP_CA: z.string().transform((value) => value.replaceAll('\\n', '\n')).refine((value) => value.startsWith('-----BEGIN CERTIFICATE-----\n'), 'must be a certificate in PEM').optional(),
  MAIL_FROM: mailbox.optional(),
  MAIL_REPLY_TO: mailbox.optional(),
  /** Where people reach the public listener: links in letters begin with it. */
  PUBLIC_ORIGIN: http.refine((value) => URL.canParse(value) && new URL(value).origin === value, 'must be an origin like https://api.example.com').optional(),
  SMS_BASE_URL: http.optional(),
  SMS_API_KEY: z.string().optional(),
  SMS_SENDER: z.string().regex(/^[\w +-]{1,20}$/, 'must be a name or a number of at most 20 characters').optional(),
  CC_ORIGIN: http.optional(),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().optional(),
  ALLOWED_ORIGINS: origins.default([]),
  TRUST_PROXY: z.string().refine(isTrustProxy, 'must be false, a number of hops, or a list of addresses and networks').default('false'),
  /** How long a stopping process goes on answering while balancers take it out. */
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(10).default(5),
  APP_LINK_URL: z.string().refine((value) => URL.canParse(value), 'must be a URL').default('halobestie://payment'),
  /** Traces are sent here (OTLP over HTTP, `/v1/traces` behind it); none are made without it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: http.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: list.refine((items) => items.every((item) => /^[\w-]+=./.test(item)), 'must be a list of name=value').optional(),
  OTEL_SERVICE_NAME: z.string().max(64).default('halobestie'),
  /** The share of requests, frames and pieces of work that is traced. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.1),
  /** Errors that nobody expected are told to this project of Sentry, or what understands it; nobody is told without it. */
  SENTRY_DSN: http.refine((value) => URL.canParse(value) && /^\w+$/.test(new URL(value).username) && /\/\d+$/.test(new URL(value).pathname), 'must be like https://<key>@<host>/<project number>').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  FAULT_AT: list.pipe(z.array(z.enum(CRASH_POINTS))).optional(),
})

/** Every variable that the process reads; `.env.example` explains them. */
export const ENV_NAMES: readonly string[] = Object.keys(variables.shape)

export type JwtKey = { kid: string; secret: string; active: boolean; validUntil: string | undefined }
export type DataKey = { id: string; key: string; active: boolean }
export type Env = Readonly<Omit<z.output<typeof variables>, 'AUTH_JWT_KEYS' | 'AUTH_JWT_SECRET'> & { jwtKeys: readonly JwtKey[]; version: string }>

/** The environment can't be used: `problems` lists everything that is wrong with it, by name, never by value. */
export class EnvError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`the environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'EnvError'
    this.problems = problems
  }
}

/** Names that deployment may set and that this process does not read itself. */
const KNOWN_ELSEWHERE = new Set(['MIGRATION_DATABASE_URL', 'GIT_SHA'])

/** Parses the environment once; throws `EnvError` with the full list of what is wrong. Values are never part of it. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  // An empty variable counts as one that is not set: `docker run --env-file` can't leave one out.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = variables.safeParse(given)
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${describe(issue, given)}`)
  problems.push(...misspelt(given))
  if (parsed.success) problems.push(...refusals(parsed.data, given))
  else problems.push(...refusals(partial(given), given))
  if (!parsed.success || problems.length > 0) throw new EnvError([...new Set(problems)])
  const { AUTH_JWT_KEYS, AUTH_JWT_SECRET, ...rest } = parsed.data
  const jwtKeys = (AUTH_JWT_KEYS ?? [{ kid: 'default', secret: AUTH_JWT_SECRET ?? '', active: true }]).map((key) => ({
    kid: key.kid, secret: key.secret, active: key.active, validUntil: 'validUntil' in key ? key.validUntil : undefined,
  }))
  return Object.freeze({ ...rest, jwtKeys, version: source['GIT_SHA'] ?? source['npm_package_version'] ?? '0.1.0' })
}

function describe(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0])
  if (given[name] === undefined) return 'is required'
  // The name of an unknown field is part of the value.
  if (issue.code === 'unrecognized_keys') return 'has an unknown field'
  return issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message.replace(/,? received .*$/i, '')
}

type Known = Partial<z.output<typeof variables>>

// With one variable wrong the refusals that don't depend on it are still told, so that the list is whole at once.
function partial(given: Record<string, unknown>): Known {
  const entries = Object.entries(variables.shape).flatMap(([name, schema]) => {
    const one = schema.safeParse(given[name])
    return one.success ? [[name, one.data] as const] : []
  })
  return Object.fromEntries(entries) as Known
}

// Any variable of the machine may be almost one of ours; a short name has too many honest neighbours for two slips.
function misspelt(given: Record<string, unknown>): string[] {
  return Object.keys(given)
    .filter((name) => !(name in variables.shape) && !KNOWN_ELSEWHERE.has(name))
    .flatMap((name) => {
      const near = ENV_NAMES.find((known) => (known.length < 8 ? slips(name, known) <= 1 : slips(name.toUpperCase(), known) <= 2))
      return near === undefined ? [] : [`${name}: is not known (misspelt ${near}?)`]
    })
}

// Optimal string alignment: letters added, left out, changed, or swapped with their neighbour.
function slips(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i++) {
    const [last, row] = [rows[i - 1]!, [i]]
    for (let j = 1; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

const WEAK_WORDS = /secret|password|changeme|example|development|12345/i

function isWeak(value: string | undefined, leastDistinct = 10): boolean {
  return value !== undefined && (WEAK_WORDS.test(value) || new Set(value).size < leastDistinct)
}

function refusals(env: Known, given: Record<string, unknown>): string[] {
  const problems: string[] = []
  const need = (isMissing: boolean, text: string) => {
    if (isMissing) problems.push(text)
  }
  const keys = env.AUTH_JWT_KEYS
  need(given['AUTH_JWT_KEYS'] === undefined && given['AUTH_JWT_SECRET'] === undefined, 'AUTH_JWT_KEYS or AUTH_JWT_SECRET: is required')
  need(keys !== undefined && keys.filter((key) => key.active).length !== 1, 'AUTH_JWT_KEYS: exactly one key must be active')
  need(keys !== undefined && new Set(keys.map((key) => key.kid)).size !== keys.length, 'AUTH_JWT_KEYS: a kid stands twice')
  need(env.DATA_ENCRYPTION_KEYS !== undefined && env.DATA_ENCRYPTION_KEYS.filter((key) => key.active).length !== 1, 'DATA_ENCRYPTION_KEYS: exactly one key must be active')
  need(env.FAZPASS_ENABLED === true && !env.FAZPASS_MERCHANT_KEY, 'FAZPASS_MERCHANT_KEY: is required with FAZPASS_ENABLED=true')
  need(env.FAZPASS_ENABLED === true && !env.FAZPASS_GATEWAY_KEY, 'FAZPASS_GATEWAY_KEY: is required with FAZPASS_ENABLED=true')
  for (const name of ['XENDIT_SECRET_KEY', 'XENDIT_WEBHOOK_TOKEN', 'XENDIT_SUCCESS_REDIRECT_URL', 'XENDIT_FAILURE_REDIRECT_URL'] as const) {
    need(env.XENDIT_ENABLED === true && !env[name], `${name}: is required with XENDIT_ENABLED=true`)
  }
  for (const name of ['MAIL_FROM', 'PUBLIC_ORIGIN'] as const) need(env.SMTP_URL !== undefined && !env[name], `${name}: is required with SMTP_URL`)
  for (const name of ['SMS_API_KEY', 'SMS_SENDER'] as const) need(env.SMS_BASE_URL !== undefined && !env[name], `${name}: is required with SMS_BASE_URL`)
  need((env.INTERNAL_HOST === '0.0.0.0' || env.INTERNAL_HOST === '::') && env.INTERNAL_ALLOW_ALL_INTERFACES !== true, 'INTERNAL_HOST: all interfaces need INTERNAL_ALLOW_ALL_INTERFACES=true')
  need(env.TRUST_PROXY === 'true' && env.APP_ENV !== 'development', 'TRUST_PROXY: name the proxies (addresses, CIDR or a number of hops), not true')
  if (env.APP_ENV !== 'development') {
    need(env.SIMULATOR_PORT !== undefined && env.APP_ENV === 'production', 'SIMULATOR_PORT: simulators are refused in production')
    need(env.FCM_SIMULATOR !== undefined, 'FCM_SIMULATOR: only in development')
    need(env.FAULT_AT !== undefined, 'FAULT_AT: only in tests')
    need(isWeak(env.AUTH_JWT_SECRET), 'AUTH_JWT_SECRET: too weak')
    need((keys ?? []).some((key) => isWeak(key.secret)), 'AUTH_JWT_KEYS: a secret is too weak')
    need((env.DATA_ENCRYPTION_KEYS ?? []).some((key) => new Set(Buffer.from(key.key, 'base64')).size < 10), 'DATA_ENCRYPTION_KEYS: a key is too weak')
    need(isWeak(env.PHONE_HASH_KEY), 'PHONE_HASH_KEY: too weak')
    need(isWeak(env.XENDIT_WEBHOOK_TOKEN), 'XENDIT_WEBHOOK_TOKEN: too weak')
    need(isWeak(env.XENDIT_WEBHOOK_TOKEN_PREVIOUS), 'XENDIT_WEBHOOK_TOKEN_PREVIOUS: too weak')
    need(env.ADMIN_PASSWORD !== undefined && (env.ADMIN_PASSWORD.length < 12 || isWeak(env.ADMIN_PASSWORD, 6)), 'ADMIN_PASSWORD: too weak')
  }
  if (env.APP_ENV === 'production') {
    need(env.FAZPASS_ENABLED !== true, 'FAZPASS_ENABLED: must be true in production')
    need(env.XENDIT_ENABLED !== true, 'XENDIT_ENABLED: must be true in production')
    need(env.XENDIT_WEBHOOK_TOKEN_PREVIOUS !== undefined && given['XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL'] === undefined, 'XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: is required in production with XENDIT_WEBHOOK_TOKEN_PREVIOUS: without an end, the old token would live on from each start')
    need((env.OTP_TEST_PHONES ?? []).length > 0, 'OTP_TEST_PHONES: refused in production')
    need(env.FIREBASE_AUTH_EMULATOR_HOST !== undefined, 'FIREBASE_AUTH_EMULATOR_HOST: refused in production')
    need(!env.FIREBASE_SERVICE_ACCOUNT_PATH, 'FIREBASE_SERVICE_ACCOUNT_PATH: is required in production')
    need(env.XENDIT_BASE_URL?.startsWith('http:') === true, 'XENDIT_BASE_URL: must be https in production')
    need(env.FAZPASS_BASE_URL?.startsWith('http:') === true, 'FAZPASS_BASE_URL: must be https in production')
    need(env.PUBLIC_ORIGIN?.startsWith('http:') === true, 'PUBLIC_ORIGIN: must be https in production')
    need(env.SMS_BASE_URL?.startsWith('http:') === true, 'SMS_BASE_URL: must be https in production')
    need(env.XENDIT_SECRET_KEY?.startsWith('xnd_development') === true, 'XENDIT_SECRET_KEY: a test key is refused in production')
  }
  return problems
}
