import { readEnv, type Env } from '../platform/env.ts'

/** Secrets that protect nothing: they exist only where a test made everything that they guard. */
export const TEST_SECRETS = {
  AUTH_JWT_KEYS: JSON.stringify([{ kid: 'test', secret: 'a-signing-key-that-only-tests-use-0123456789', active: true }]),
  DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'test', key: Buffer.alloc(32, 7).toString('base64'), active: true }]),
  PHONE_HASH_KEY: 'a-phone-hash-key-that-only-tests-use-0123456789',
}

/** The variables of a replica under test; free ports on loopback. */
export function testVariables(urls: { DATABASE_URL: string; VALKEY_URL: string }, overrides: Record<string, string | undefined> = {}): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    APP_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: '0',
    INTERNAL_PORT: '0',
    POOL_MAX: '8',
    DRAIN_SECONDS: '0',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
    ...TEST_SECRETS,
    ...urls,
    ...overrides,
  }
  return Object.fromEntries(Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

export function testEnv(...args: Parameters<typeof testVariables>): Env {
  return readEnv(testVariables(...args))
}
