// For compose.yaml, before anything else starts: the secrets that .env does not give, made once and kept in two volumes.
// /keys/app is what the service reads, /keys/owner what Postgres and the one-off commands read besides. What is there stays.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

const isGiven = (...names) => names.some((name) => process.env[name])
const say = (line) => console.log(line)
const random = (bytes = 32) => randomBytes(bytes).toString('base64url')

/** Writes a file in one step; whoever mounts its volume may read it (Postgres has a user of its own). */
function write(file, text) {
  writeFileSync(`${file}.new`, text, { mode: 0o444 })
  renameSync(`${file}.new`, file)
}

/** The secret in this file, made where there is none. */
function secret(file, make = random) {
  if (!existsSync(file)) write(file, make())
  return readFileSync(file, 'utf8')
}

const KEYS = [
  { name: 'AUTH_JWT_SECRET', instead: ['AUTH_JWT_SECRET', 'AUTH_JWT_KEYS'], make: () => secret('/keys/app/jwt-secret') },
  { name: 'DATA_ENCRYPTION_KEYS', instead: ['DATA_ENCRYPTION_KEYS'], make: () => JSON.stringify([{ id: 'k1', key: secret('/keys/app/data-key', () => randomBytes(32).toString('base64')), active: true }]) },
  { name: 'PHONE_HASH_KEY', instead: ['PHONE_HASH_KEY'], make: () => secret('/keys/app/phone-hash-key') },
]
const missing = KEYS.filter(({ instead }) => !isGiven(...instead))

if (process.env.APP_ENV === 'production' && missing.some(({ name }) => name !== 'PHONE_HASH_KEY')) {
  console.error(`keys: APP_ENV=production: .env must give ${missing.map(({ instead }) => instead.join(' or ')).join(', ')}. Keys that stand in a volume alone are lost with it, and what they encrypted too.`)
  process.exit(1)
}

const passwords = { superuser: secret('/keys/owner/postgres-password'), owner: secret('/keys/owner/owner-password'), app: secret('/keys/owner/app-password') }
const made = process.env.APP_ENV === 'production' ? [] : missing
secret('/keys/owner/backup-key', () => `${randomBytes(32).toString('base64')}\n`)
const line = (name, value) => `${name}='${value}'\n`
write('/keys/app/app.env', made.map(({ name, make }) => line(name, make())).join('') + line('DATABASE_URL', `postgres://halobestie_app:${passwords.app}@postgres:5432/halobestie`))
write('/keys/owner/owner.env', [
  line('MIGRATION_DATABASE_URL', `postgres://halobestie_owner:${passwords.owner}@postgres:5432/halobestie`),
  ...(isGiven('ADMIN_EMAIL', 'ADMIN_PASSWORD') || process.env.APP_ENV === 'production' ? [] : [line('ADMIN_EMAIL', 'admin@halobestie.test'), line('ADMIN_PASSWORD', secret('/keys/owner/admin-password', () => random(15)))]),
].join(''))

if (made.length > 0) say(`keys: ${made.map(({ name }) => name).join(', ')}: not in .env, so they are random ones in the volume app-keys (docker compose down -v removes them, and with them all that they encrypt)`)
if (!isGiven('ADMIN_EMAIL', 'ADMIN_PASSWORD') && process.env.APP_ENV !== 'production') {
  say('keys: ADMIN_EMAIL, ADMIN_PASSWORD: not in .env, so the first super_admin is admin@halobestie.test with a random password, to be changed at the first sign-in. See it with')
  say('keys:   docker compose run --rm --no-deps keys cat /keys/owner/admin-password')
}
