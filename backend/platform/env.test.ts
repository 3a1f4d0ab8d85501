import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENV_NAMES, EnvError, readEnv } from './env.ts'

const random = () => randomBytes(32).toString('base64url')
const production: Record<string, string> = {
  APP_ENV: 'production',
  DATABASE_URL: `postgres://app:${random()}@db.internal/halobestie`,
  VALKEY_URL: `rediss://:${random()}@valkey.internal:6379`,
  AUTH_JWT_KEYS: JSON.stringify([{ kid: 'a', secret: random(), active: true }, { kid: 'b', secret: random(), validUntil: '2027-01-01T00:00:00Z' }]),
  DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'k1', key: randomBytes(32).toString('base64'), active: true }]),
  PHONE_HASH_KEY: random(),
  FAZPASS_ENABLED: 'true', FAZPASS_MERCHANT_KEY: random(), FAZPASS_GATEWAY_KEY: random(),
  XENDIT_ENABLED: 'true', XENDIT_SECRET_KEY: `xnd_production_${random()}`, XENDIT_WEBHOOK_TOKEN: random(),
  XENDIT_SUCCESS_REDIRECT_URL: 'https://api.example.org/payment/return/success', XENDIT_FAILURE_REDIRECT_URL: 'https://api.example.org/payment/return/failure',
  FIREBASE_SERVICE_ACCOUNT_PATH: '/run/secrets/firebase.json', FIREBASE_PROJECT_ID: 'halobestie',
  CC_ORIGIN: 'https://cc.example.org', ALLOWED_ORIGINS: 'https://app.example.org, https://www.example.org:8443', TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32',
}
const staging: Record<string, string> = {
  ...production, APP_ENV: 'staging', FAZPASS_ENABLED: 'false', XENDIT_ENABLED: 'false', OTP_TEST_PHONES: '+628111111111,+628111111112',
  SIMULATOR_PORT: '3002', FIREBASE_SERVICE_ACCOUNT_PATH: '',
}
const development = { APP_ENV: 'development', DATABASE_URL: 'postgres://postgres@127.0.0.1/x', VALKEY_URL: 'redis://127.0.0.1:6379', AUTH_JWT_SECRET: random(), DATA_ENCRYPTION_KEYS: production['DATA_ENCRYPTION_KEYS']! }

function problemsOf(variables: Record<string, string | undefined>): readonly string[] {
  try {
    readEnv(variables)
    return []
  } catch (error) {
    if (error instanceof EnvError) return error.problems
    throw error
  }
}

t.test('each stage boots with what it needs', async (t) => {
  t.match(readEnv(production), { APP_ENV: 'production', PORT: 3000, INTERNAL_HOST: '127.0.0.1', jwtKeys: [{ kid: 'a', active: true }, { kid: 'b', active: false }], ALLOWED_ORIGINS: ['https://app.example.org', 'https://www.example.org:8443'] })
  t.match(readEnv(staging), { XENDIT_ENABLED: false, FAZPASS_ENABLED: false, OTP_TEST_PHONES: ['+628111111111', '+628111111112'] })
  t.match(readEnv(development), { jwtKeys: [{ kid: 'default', active: true }], DRAIN_SECONDS: 5 })
  t.ok(Object.isFrozen(readEnv(development)))
  t.same(problemsOf({ ...development, HOME: '/root', PATH: '/bin', HOSTNAME: 'x', npm_config_port: '1' }), [], 'what is not ours is not our business')
})

t.test('each missing variable is named', async (t) => {
  const required = Object.keys(production).filter((name) => !['ALLOWED_ORIGINS', 'TRUST_PROXY', 'CC_ORIGIN', 'PHONE_HASH_KEY', 'FIREBASE_PROJECT_ID'].includes(name))
  for (const name of required) {
    for (const absent of [undefined, '']) t.match(problemsOf({ ...production, [name]: absent }).join('\n'), new RegExp(`^${name}\\b`, 'm'), `${name} ${absent === '' ? 'empty' : 'missing'}`)
  }
  const all = problemsOf({ APP_ENV: 'production' })
  for (const name of ['DATABASE_URL', 'VALKEY_URL', 'AUTH_JWT_KEYS', 'DATA_ENCRYPTION_KEYS', 'FAZPASS_ENABLED', 'XENDIT_ENABLED', 'FIREBASE_SERVICE_ACCOUNT_PATH']) t.ok(all.some((problem) => problem.startsWith(name)), `${name} is in the whole list`)
  t.match(problemsOf({})[0], /^APP_ENV: is required/)
})

t.test('what is weak or unusable is refused, by its name and without its value', async (t) => {
  const weakKey = JSON.stringify([{ id: 'k1', key: Buffer.alloc(32, 1).toString('base64'), active: true }])
  const cases: Record<string, string[]> = {
    APP_ENV: ['prod'], PORT: ['70000', 'http'], POOL_MAX: ['0'], DRAIN_SECONDS: ['60'], LOG_LEVEL: ['loud'], ADMIN_EMAIL: ['somebody'],
    DATABASE_URL: ['mysql://x', 'not a url'], VALKEY_URL: ['http://x'],
    AUTH_JWT_SECRET: ['short', 'a'.repeat(40), `changeme-${random()}`],
    AUTH_JWT_KEYS: ['{', '[]', JSON.stringify([{ kid: 'a', secret: random() }]), JSON.stringify([{ kid: 'a', secret: 'password'.repeat(5), active: true }]), JSON.stringify([{ kid: 'a', secret: random(), active: true, leaked: 1 }])],
    DATA_ENCRYPTION_KEYS: ['x', weakKey, JSON.stringify([{ id: 'k1', key: 'c2hvcnQ=', active: true }])],
    PHONE_HASH_KEY: ['short', 'ab'.repeat(20)], XENDIT_WEBHOOK_TOKEN: ['short', 'password-password'], XENDIT_WEBHOOK_TOKEN_PREVIOUS: ['1234567890123456'], XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: ['tomorrow'],
    XENDIT_SECRET_KEY: ['xnd_development_abc'], XENDIT_BASE_URL: ['http://127.0.0.1:3002/xendit'], FAZPASS_BASE_URL: ['http://127.0.0.1'],
    OTP_TEST_PHONES: ['+628111111111'], SIMULATOR_PORT: ['3002'], FCM_SIMULATOR: ['http://127.0.0.1'], FIREBASE_AUTH_EMULATOR_HOST: ['127.0.0.1:9099'], FAULT_AT: ['settle'],
    INTERNAL_HOST: ['0.0.0.0', '::', '0.0.0.0/0', '10.0.0.0/40'], TRUST_PROXY: ['true', 'everybody', '10.0.0.0/99'], ALLOWED_ORIGINS: ['*', 'https://*.example.org', 'https://app.example.org/path', 'null'],
    ADMIN_PASSWORD: ['admin', 'changeme1234567'], FAZPASS_ENABLED: ['false', 'yes'], XENDIT_ENABLED: ['0'],
  }
  for (const [name, values] of Object.entries(cases)) {
    for (const value of values) {
      const problems = problemsOf({ ...production, [name]: value })
      t.match(problems.join('\n'), new RegExp(`^${name}\\b`, 'm'), `${name}=${value.slice(0, 40)}`)
      if (value.length > 6 && !['production'].includes(value)) t.notOk(problems.some((problem) => problem.includes(value) || problem.includes('leaked')), `${name}: its value is not told`)
    }
  }
  const secrets = Object.entries(production).filter(([name]) => /KEY|TOKEN|SECRET|URL/.test(name)).map(([, value]) => value)
  const told = problemsOf({ ...production, PORT: 'x', TRSUT_PROXY: '1', AUTH_JWT_KEYS: production['AUTH_JWT_KEYS']!.slice(1) }).join('\n')
  for (const secret of secrets) t.notOk(told.includes(secret))
})

t.test('the token before this one has an end in production: it would live on from each start', async (t) => {
  const previous = { ...production, XENDIT_WEBHOOK_TOKEN_PREVIOUS: random() }
  t.match(problemsOf(previous), [/^XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: is required in production/])
  t.same(problemsOf({ ...previous, XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: '2026-12-01T00:00:00Z' }), [])
  t.same(problemsOf({ ...previous, APP_ENV: 'staging' }), [])
})

t.test('a misspelt variable is found wherever the slip is', async (t) => {
  for (const [wrong, right] of [
    ['DATABSE_URL', 'DATABASE_URL'], ['TRSUT_PROXY', 'TRUST_PROXY'], ['ALOWED_ORIGINS', 'ALLOWED_ORIGINS'], ['XENDIT_WEBHOOK_TOKEN_PREVIUOS', 'XENDIT_WEBHOOK_TOKEN_PREVIOUS'],
    ['LOG_LEVL', 'LOG_LEVEL'], ['PROT', 'PORT'], ['POOL_MAXX', 'POOL_MAX'], ['Log_Level', 'LOG_LEVEL'], ['AUTH_JWT_KEY', 'AUTH_JWT_KEYS'], ['DRAIN_SECOND', 'DRAIN_SECONDS'],
  ] as const) {
    t.same(problemsOf({ ...production, [wrong]: 'x' }), [`${wrong}: is not known (misspelt ${right}?)`])
  }
  for (const name of ENV_NAMES) {
    const slip = `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`
    if (slip !== name) t.match(problemsOf({ ...production, [slip]: 'x' }).join(), new RegExp(`^${slip}: is not known`), slip)
  }
})

t.test('.env.example lists every variable once, each with a line about it', async (t) => {
  const lines = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8').split('\n')
  const listed = lines.flatMap((line, index) => {
    const name = /^#? ?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1]
    if (name === undefined) return []
    t.match(lines[index - 1], /^# \S.{10,}/, `${name} is explained`)
    return [name]
  })
  t.same(listed.toSorted(), [...ENV_NAMES, 'MIGRATION_DATABASE_URL', 'GIT_SHA'].toSorted())
})
