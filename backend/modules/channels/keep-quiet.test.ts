import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { createSettings } from '../../platform/settings.ts'
import { startTestApp } from '../../testing/app.ts'
import { expect, signIn, type Person } from '../../testing/people.ts'
import { changeSettings } from '../../testing/settings.ts'
import { eventually } from '../../testing/wait.ts'
import { drainPushes, keepQuiet, queuePushes, quietUntil, type NewPush, type PushHook } from './index.ts'

const HOUR_MS = 3_600_000
const PATH = '/api/v1/notifications/preferences'

t.test('quiet hours', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { sweepMs: 200, otpPerPhoneHour: 100, otpPerPhoneDay: 100, otpResendSeconds: 1 }, worker: { housekeeping: false, timed: false } })
  const { ctx } = app.replicas[0]!
  let keys = 0
  const give = (person: Person, more: Partial<NewPush> = {}) => transact(ctx, (tx) => queuePushes(tx, [{
    userId: person.id, kind: 'tip', dedupeKey: `key-${++keys}`, title: 'Judul', body: 'Isi', data: { kind: 'tip' }, tag: `tag-${keys}`, ttlSeconds: 86_400, priority: 'normal', critical: false, ...more,
  }]))
  type Row = { state: string; reason: string | null; tries: number; due: string }
  const rowsOf = (person: Person) => app.query<Row>('select state, reason, tries, extract(epoch from due_at) * 1000 as due from pushes where user_id = $1 order by id', [person.id])
  const stateOf = async (person: Person, state: string, reason: string | null = null) => eventually(async () => {
    const rows = await rowsOf(person)
    return rows.length > 0 && rows.every((row) => row.state === state && row.reason === reason) ? rows : undefined
  }, `${state} ${reason ?? ''}`)
  const now = async () => (await app.clock.now()).getTime()
  /** What the wall clock of a zone shows then. */
  const shown = (ms: number, timeZone: string) => new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms)
  /** Quiet now, for another three hours. */
  const around = async (timeZone: string) => ({ from: shown((await now()) - HOUR_MS, timeZone), to: shown((await now()) + 3 * HOUR_MS, timeZone) })
  const person = async (token: string, timeZone: string) => {
    const who = await signIn(app, { kind: 'customer' })
    await expect(201, who.call('POST', '/api/v1/me/devices', { body: { token, platform: 'android' } }))
    await expect(200, who.call('PATCH', '/api/v1/me', { body: { timeZone } }))
    return who
  }
  const sentTo = (token: string) => app.simulators.control.fcm.messages(token).length

  await t.test('keep what can wait until they end, where the person is; what is critical rings', async (t) => {
    const [kathmandu, nobody] = [await person('quiet-one', 'Asia/Kathmandu'), await person('quiet-none', 'Asia/Kathmandu')]
    const quietHours = await around('Asia/Kathmandu')
    await expect(200, kathmandu.call('PUT', PATH, { body: { quietHours } }))
    await Promise.all([give(kathmandu), give(kathmandu), give(nobody)])
    const held = await stateOf(kathmandu, 'queued', 'quiet_hours')
    await stateOf(nobody, 'sent')
    const until = quietUntil(await now(), 'Asia/Kathmandu', quietHours)!
    for (const row of held) t.match({ tries: row.tries, isAtTheEnd: Math.abs(Number(row.due) - until) < 30_000 }, { tries: 0, isAtTheEnd: true })
    await give(kathmandu, { kind: 'session', priority: 'high', critical: true })
    // Settled too: a request whose claim runs out before it is answered is made again.
    await eventually(async () => (await rowsOf(kathmandu)).filter(({ state }) => state === 'sent').length === 1, 'what is critical rings')
    t.equal(sentTo('quiet-one'), 1)
    await app.clock.advance((until - (await now())) / 1000 + 31)
    await stateOf(kathmandu, 'sent')
    t.equal(sentTo('quiet-one'), 3)
  })

  await t.test('are not broken by a phone that was off when they began', async (t) => {
    const who = await person('quiet-off', 'Asia/Kathmandu')
    await expect(200, who.call('PUT', PATH, { body: { quietHours: { from: shown((await now()) + 2 * HOUR_MS, 'Asia/Kathmandu'), to: shown((await now()) + 5 * HOUR_MS, 'Asia/Kathmandu') } } }))
    await give(who)
    await give(who, { kind: 'session', data: { kind: 'session' }, priority: 'high', critical: true })
    await stateOf(who, 'sent')
    const ttls = Object.fromEntries(app.simulators.control.fcm.messages('quiet-off').map((message) => {
      const { data, android } = message as { data: { kind: string }; android: { ttl: string } }
      return [data.kind, parseInt(android.ttl)]
    }))
    t.ok(ttls['tip']! <= 7200, `FCM keeps it for ${ttls['tip']} s`)
    t.ok(ttls['session']! > 80_000, 'what is critical is kept')
  })

  await t.test('that are changed or moved meanwhile are decided anew', async (t) => {
    const [changes, moves, keeps] = [await person('quiet-changes', 'Asia/Jakarta'), await person('quiet-moves', 'Asia/Jakarta'), await person('quiet-keeps', 'Asia/Jakarta')]
    const quietHours = await around('Asia/Jakarta')
    for (const who of [changes, moves, keeps]) {
      await expect(200, who.call('PUT', PATH, { body: { quietHours } }))
      await give(who)
      await stateOf(who, 'queued', 'quiet_hours')
    }
    await expect(200, changes.call('PUT', PATH, { body: { quietHours: null } }))
    await stateOf(changes, 'sent')
    await expect(200, moves.call('PATCH', '/api/v1/me', { body: { timeZone: 'America/St_Johns' } }))
    await stateOf(moves, 'sent')
    await expect(200, keeps.call('PUT', PATH, { body: { messageText: true } }))
    await stateOf(keeps, 'queued', 'quiet_hours')
    t.equal(sentTo('quiet-keeps'), 0)
  })

  await t.test('that end while a push is looked at keep it no longer: the look before was at the old ones', async (t) => {
    const who = await person('quiet-race', 'Asia/Jakarta')
    await expect(200, who.call('PUT', PATH, { body: { quietHours: await around('Asia/Jakarta') } }))
    await changeSettings(app, { pushesClosed: true })
    await give(who)
    const looking: Ctx = { ...ctx, settings: createSettings({}) }
    const late: PushHook = async (inner, pushes) => {
      const verdicts = await keepQuiet(inner, pushes)
      await expect(200, who.call('PUT', PATH, { body: { quietHours: null } }))
      return verdicts
    }
    t.equal(await drainPushes(looking, 'normal', { all: [late] }), 1)
    t.match(await rowsOf(who), [{ state: 'queued', reason: null, tries: 0 }])
    await changeSettings(app, { pushesClosed: false })
    await stateOf(who, 'sent')
    t.equal(sentTo('quiet-race'), 1)
  })

  await t.test('outlive some: what nobody wants any more when they end is dropped and counted', async (t) => {
    const who = await person('quiet-late', 'Asia/Jayapura')
    await expect(200, who.call('PUT', PATH, { body: { quietHours: await around('Asia/Jayapura') } }))
    await give(who, { ttlSeconds: 3600 })
    await stateOf(who, 'queued', 'quiet_hours')
    await app.clock.advance(3 * 3600 + 61)
    await stateOf(who, 'dropped', 'expired')
    t.equal(sentTo('quiet-late'), 0)
    // The row is seen before the replica that wrote it has its answer.
    const isCounted = async (result: string) => (await Promise.all(app.replicas.map((replica) => replica.ctx.metrics.registry.metrics()))).some((text) => new RegExp(`pushes_total\\{[^}]*result="${result}"[^}]*\\} [1-9]`).test(text))
    await eventually(() => isCounted('expired'), 'it is counted')
    await eventually(() => isCounted('held'), 'and so is what was held')
  })
})
