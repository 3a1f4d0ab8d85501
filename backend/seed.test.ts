import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { seedBasics, seedDemo } from './seed.ts'
import { startTestApp, type TestApp } from './testing/app.ts'
import { testVariables } from './testing/env.ts'
import { signIn } from './testing/people.ts'
import { signInStaff } from './testing/staff.ts'

// Outside development the secrets that tests share are refused.
const STAGING = {
  APP_ENV: 'staging', AUTH_JWT_KEYS: JSON.stringify([{ kid: 'one', secret: randomBytes(32).toString('base64url'), active: true }]),
  DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'one', key: randomBytes(32).toString('base64'), active: true }]), PHONE_HASH_KEY: randomBytes(32).toString('base64url'),
  ADMIN_EMAIL: 'first@staff.example', ADMIN_PASSWORD: randomBytes(12).toString('hex'),
}

const counts = (app: TestApp) => app.query(`
  select (select count(*)::int from packages) as packages, (select count(*)::int from users) as users, (select count(*)::int from staff) as staff,
    (select count(*)::int from mitras where status = 'approved') as mitras, (select count(*)::int from consents) as consents`)

t.test('the demo gives people who can do what they are for, and a second time changes nothing', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  const { ctx } = app.replicas[0]!
  const demo = await seedDemo(ctx)
  t.strictSame(await seedDemo(ctx), demo)
  t.match(await counts(app), [{ packages: 3, users: 4, staff: 1, mitras: 3, consents: 8 }])
  for (const phone of [...demo.mitras, demo.customerPhone]) t.match(phone, /^\+628\d+$/)
  t.notMatch(demo.staff.password, /[\s/|,;:·]/)

  const staff = await signInStaff(app, demo.staff)
  t.match((await staff.call('GET', '/internal/v1/auth/me')).body, { staff: { role: 'super_admin', email: demo.staff.email } })
  t.strictSame((await staff.call('GET', '/internal/v1/auth/me')).body.required, [])
  t.match((await staff.call('GET', '/internal/v1/packages')).body.items, [{ minutes: 15, priceIdr: 25_000 }, { minutes: 30, priceIdr: 45_000 }, { minutes: 60, priceIdr: 80_000 }])
  const mitra = await signIn(app, { kind: 'mitra', phone: demo.mitras[0]! })
  t.equal((await mitra.call('PUT', '/api/v1/mitra/status', { body: { online: true } })).status, 200, 'a mitra may go online')
  const customer = await signIn(app, { kind: 'customer', phone: demo.customerPhone })
  const consents = await customer.call('GET', '/api/v1/me/consents')
  t.ok(consents.body.items.every((item: { acceptedAt?: string }) => item.acceptedAt !== undefined), 'the customer has consented')

  await app.query(`update staff set password_hash = 'x', locked_until = now() + interval '1 day', must_change_password = true`)
  await seedDemo(ctx)
  t.ok(await signInStaff(app, demo.staff), 'what the banner shows signs in, whatever became of the account')
})

t.test('as a command it makes the first super_admin once, who must change the password outside development, and prints nothing secret', async (t) => {
  const app = await startTestApp(t, { simulators: false, env: STAGING })
  const variables = testVariables({ DATABASE_URL: app.db.url, VALKEY_URL: app.valkey.url }, { ...STAGING, MIGRATION_DATABASE_URL: app.db.ownerUrl })
  const seed = async (...parameters: string[]) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'seed.ts'), ...parameters], { env: { PATH: process.env['PATH'], ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>])
    return { out, err, code }
  }
  const both = await Promise.all([seed(), seed('--demo')])
  t.strictSame(both[0], { out: 'seeded; the first super_admin is ADMIN_EMAIL\n', err: '', code: 0 })
  t.strictSame(both[1], { out: '', err: 'seed: --demo is for APP_ENV=development only\n', code: 1 })
  const { ctx } = app.replicas[0]!
  t.strictSame(await seedBasics(ctx), { isSuperAdminNew: false })
  await t.rejects(seedDemo(ctx), /only in development/)
  t.match(await counts(app), [{ packages: 3, staff: 1, users: 0 }])
  const staff = await signInStaff(app, { email: STAGING.ADMIN_EMAIL, password: STAGING.ADMIN_PASSWORD })
  t.strictSame((await staff.call('GET', '/internal/v1/auth/me')).body.required, ['password', 'totp'], 'a changed password and an authenticator before anything else')
})
