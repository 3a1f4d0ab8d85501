import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { CHANNELS, findReach, KINDS, wants, type Channel, type Kind, type Reach } from './index.ts'

const PATH = '/api/v1/notifications/preferences'

t.test('how a person wants to be told', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, worker: { housekeeping: false, timed: false } })
  const { ctx } = app.replicas[0]!
  const citra = await signIn(app, { kind: 'customer' })
  const made = await signIn(app, { kind: 'mitra', replica: 1 })
  const get = async (person: Person) => (await person.call('GET', PATH)).body
  const put = (person: Person, body: object) => person.call('PUT', PATH, { body })
  const reachOf = async (person: Person) => (await findReach(ctx.sql, [person.id])).get(person.id)!
  const shownOf = (body: { kinds: { kind: string; channels: Record<string, unknown> }[] }, kind: string) => body.kinds.find((one) => one.kind === kind)!.channels

  t.test('who chose nothing has the catalogue’s defaults, and what may be chosen is said', async (t) => {
    const mine = await get(citra)
    t.match(mine, { version: 0, quietHours: null, messageText: false })
    t.same(mine.kinds.map((one: { kind: string }) => one.kind), Object.keys(KINDS))
    t.same(shownOf(mine, 'payout'), {
      inbox: { on: true, mayChoose: false, default: true }, push: { on: true, mayChoose: true, default: true },
      email: { on: true, mayChoose: true, default: true }, sms: { on: false, mayChoose: true, default: false },
    })
    const reach = await reachOf(citra)
    t.same(reach, { kind: 'customer', erased: false, language: 'id', timeZone: 'Asia/Jakarta', enabled: true, email: false, emailDigest: 'daily', choices: {}, quiet: null, messageText: false })
    for (const { kind, channels } of mine.kinds as { kind: Kind; channels: Record<Channel, { on: boolean }> }[]) {
      for (const channel of CHANNELS) t.equal(wants(reach, kind, channel), channels[channel].on, `${kind} by ${channel}`)
    }
  })

  t.test('what is named changes, the rest stays: an older app wipes nothing', async (t) => {
    t.match(await put(citra, { choices: { payment: { email: false }, tip: { push: false } }, quietHours: { from: '22:00', to: '06:30' }, messageText: true }), { status: 200, body: { version: 1 } })
    const { body } = await put(citra, { choices: { payment: { push: false } } })
    t.match(body, { version: 2, quietHours: { from: '22:00', to: '06:30' }, messageText: true })
    t.match(shownOf(body, 'payment'), { push: { on: false, default: true }, email: { on: false } })
    t.match(shownOf(body, 'tip'), { push: { on: false } })
    const reach = await reachOf(citra)
    t.match(reach, { quiet: { from: '22:00', to: '06:30' }, messageText: true })
    t.same([wants(reach, 'payment', 'email'), wants(reach, 'payment', 'inbox'), wants(reach, 'tip', 'push'), wants(reach, 'session', 'push')], [false, true, false, true])

    t.match((await put(citra, { choices: { payment: { email: null } }, quietHours: null })).body, { quietHours: null, messageText: true }, 'null takes back')
    t.same((await reachOf(citra)).choices, { 'payment.push': false, 'tip.push': false })
    const shown = await get(citra)
    const all = Object.fromEntries(shown.kinds.map((one: { kind: string; channels: Record<string, { on: boolean }> }) => [one.kind, Object.fromEntries(Object.entries(one.channels).map(([channel, { on }]) => [channel, on]))]))
    t.match(await put(citra, { choices: all }), { status: 200 }, 'an app may send back all it was shown')
    t.match(await put(citra, {}), { status: 200, body: { kinds: shown.kinds } }, 'nothing named, nothing changed')
  })

  t.test('two at once, on two replicas, each keeps what only it names', async (t) => {
    const answers = await Promise.all((['session', 'message', 'payout', 'rating', 'status', 'refund'] as const).map((kind, index) =>
      made.on(index % 2).call('PUT', PATH, { body: index % 3 ? { choices: { [kind]: { push: false } } } : { choices: { [kind]: { push: false } }, messageText: true } })))
    t.same(answers.map(({ status }) => status), [200, 200, 200, 200, 200, 200])
    t.same(answers.map(({ body }) => body.version).toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6])
    const reach = await reachOf(made)
    t.same(Object.keys(reach.choices).toSorted(), ['message.push', 'payout.push', 'rating.push', 'refund.push', 'session.push', 'status.push'])
    t.equal(reach.messageText, true)
  })

  t.test('what can’t be chosen is refused, with where and why, and nothing of it is kept', async (t) => {
    const before = await get(citra)
    const cases: [string, object, string | undefined][] = [
      ['a kind that is none', { choices: { gossip: { push: true } } }, 'choices.gossip'],
      ['a name of every object', { choices: { constructor: { push: true } } }, 'choices.constructor'],
      ['what always comes', { choices: { security_alert: { push: false }, tip: { push: true } } }, 'choices.security_alert.push'],
      ['what never comes', { choices: { offer: { inbox: true } } }, 'choices.offer.inbox'],
      ['a channel that is none', { choices: { tip: { pigeon: true } } }, undefined],
      ['something else than yes and no', { choices: { tip: { push: 'yes' } } }, undefined],
      ['no time', { quietHours: { from: '24:00', to: '06:00' } }, 'quietHours.from'],
      ['a day without end', { quietHours: { from: '06:00', to: '06:00' } }, 'quietHours.to'],
      ['half of it', { quietHours: { from: '06:00' } }, 'quietHours.to'],
      ['more than is known', { sound: 'loud' }, undefined],
    ]
    for (const [name, body, path] of cases) {
      const answer = await put(citra, body)
      t.match(answer, { status: 400, body: { code: 'validation_failed' } }, name)
      if (path !== undefined) t.equal(answer.body.errors[0].path, path, name)
    }
    t.same(await get(citra), before)
  })

  t.test('switched off means no push at all; erased means nothing', async (t) => {
    const everything = (reach: Reach) => (Object.keys(KINDS) as Kind[]).flatMap((kind) => CHANNELS.filter((channel) => wants(reach, kind, channel)))
    await made.call('PUT', '/api/v1/me/preferences', { body: { notificationsEnabled: false, emailDigest: 'weekly' } })
    const off = await reachOf(made)
    t.match(off, { kind: 'mitra', enabled: false, emailDigest: 'weekly' })
    t.notOk(everything(off).includes('push'))
    t.ok(wants(off, 'payout', 'inbox'))
    t.same(everything({ ...off, enabled: true, erased: true }), [])
    t.equal((await findReach(ctx.sql, [])).size, 0)
    t.equal((await findReach(ctx.sql, [citra.id, made.id, citra.id, '0190a0a0-0000-7000-8000-000000000000'])).size, 2)
  })
})
