import { randomBytes } from 'node:crypto'
import { readEnv, type Env } from '../platform/env.ts'

/** What the gateways read of the environment; the rest of the process's needs nobody to fill in. */
const PROVIDER_VARIABLES = {
  xendit: ['XENDIT_BASE_URL', 'XENDIT_SECRET_KEY'],
  fazpass: ['FAZPASS_BASE_URL', 'FAZPASS_MERCHANT_KEY', 'FAZPASS_GATEWAY_KEY'],
  fcm: ['FIREBASE_SERVICE_ACCOUNT_PATH', 'FIREBASE_PROJECT_ID', 'FCM_SIMULATOR'],
  mail: ['SMTP_URL', 'SMTP_CA', 'MAIL_FROM', 'MAIL_REPLY_TO'],
  sms: ['SMS_BASE_URL', 'SMS_API_KEY', 'SMS_SENDER'],
} as const
export type Provider = keyof typeof PROVIDER_VARIABLES
const TEST_KEY = 'xnd_development_'
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/

/** The environment can't be used to probe with: `problems` names what, never its value. */
export class ProbeRefused extends Error {
  override readonly name = 'ProbeRefused'
}

/** The gateways' environment out of the process's. Throws `EnvError` or `ProbeRefused`, with everything that is missing. */
export function probeEnv(provider: Provider, source: NodeJS.ProcessEnv): { env: Env; secrets: string[]; with: (overrides: Record<string, string>) => Env } {
  const given = Object.fromEntries(PROVIDER_VARIABLES[provider].flatMap((name) => (source[name] ? [[name, source[name]] as const] : [])))
  const problems = problemsOf(provider, given)
  if (problems.length > 0) throw new ProbeRefused(problems.join('\n'))
  const base = {
    APP_ENV: 'development', DATABASE_URL: 'postgres://127.0.0.1:1/unused', VALKEY_URL: 'redis://127.0.0.1:1',
    PUBLIC_ORIGIN: 'http://127.0.0.1:1', AUTH_JWT_SECRET: randomBytes(32).toString('base64'), DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'unused', key: randomBytes(32).toString('base64'), active: true }]),
  }
  const open = (overrides: Record<string, string>) => readEnv({ ...base, ...given, ...overrides })
  const env = open({})
  const signIn = new URL(env.SMTP_URL ?? 'smtp://unused')
  const keys = [env.XENDIT_SECRET_KEY, env.FAZPASS_MERCHANT_KEY, env.FAZPASS_GATEWAY_KEY, env.FIREBASE_PROJECT_ID, env.SMS_API_KEY, ...[signIn.username, signIn.password].map(decodeURIComponent)].filter((key) => key !== undefined).filter((key) => key !== '')
  return { env, secrets: keys.flatMap((key) => [key, Buffer.from(`${key}:`).toString('base64')]), with: open }
}

/** Whether it is one that can be probed. */
export function isProvider(name: string): name is Provider {
  return Object.hasOwn(PROVIDER_VARIABLES, name)
}

function problemsOf(provider: Provider, given: Record<string, string | undefined>): string[] {
  const missing = (name: string) => (given[name] ? [] : [`${name} must be set`])
  const insecure = (name: string) => (given[name]?.startsWith('http:') && !LOOPBACK.test(given[name]) ? [`${name} must be https: a key goes there`] : [])
  if (provider === 'xendit') {
    const key = given['XENDIT_SECRET_KEY']
    const isLive = key !== undefined && !key.startsWith(TEST_KEY)
    return [...missing('XENDIT_SECRET_KEY'), ...(isLive ? [`XENDIT_SECRET_KEY is not a test key (they begin with ${TEST_KEY}): refused`] : []), ...insecure('XENDIT_BASE_URL')]
  }
  if (provider === 'fazpass') return [...missing('FAZPASS_MERCHANT_KEY'), ...missing('FAZPASS_GATEWAY_KEY'), ...insecure('FAZPASS_BASE_URL')]
  if (provider === 'mail') return [...missing('SMTP_URL'), ...missing('MAIL_FROM')]
  if (provider === 'sms') return [...missing('SMS_BASE_URL'), ...missing('SMS_API_KEY'), ...missing('SMS_SENDER'), ...insecure('SMS_BASE_URL')]
  return given['FCM_SIMULATOR'] ? [] : missing('FIREBASE_SERVICE_ACCOUNT_PATH')
}
