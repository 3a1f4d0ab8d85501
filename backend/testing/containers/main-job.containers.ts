import t from 'tap'
import { call } from '../http.ts'
import { approvedMitra, customer, expect, goOnline, newPhone } from '../people.ts'
import { connect } from '../socket.ts'
import { startSession } from '../stage.ts'
import { eventually } from '../wait.ts'
import { projectFile, tryDocker } from './engine.ts'
import { startStack } from './stack.ts'

t.test('the staging values of an environment without providers: test phones, payments off', async (t) => {
  const phones = { customer: newPhone(), mitra: newPhone() }
  const stack = await startStack(t, { env: { APP_ENV: 'staging', XENDIT_ENABLED: 'false', OTP_TEST_PHONES: `${phones.customer},${phones.mitra}` } })
  t.match(await (await fetch(`${stack.url}/ready`)).json(), { status: 'ready' })
  const [free] = await stack.query<{ id: string }>('insert into packages (id, minutes, price_idr) values (gen_random_uuid(), 20, 0) returning id')
  const [priced] = await stack.query<{ id: string }>('select id from packages where price_idr > 0 limit 1')

  await t.test('a number that is no test phone does not get in', async (t) => {
    const asked = await expect(202, call(stack.url, 'POST', '/api/v1/auth/otp/request', { body: { phone: newPhone(), kind: 'customer' } }))
    const answer = await call(stack.url, 'POST', '/api/v1/auth/otp/verify', { body: { challengeId: asked.body.challengeId, code: '000000', deviceName: 'test' } })
    t.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`)
    t.match(answer.body, { code: String })
  })

  await t.test('the main job through the proxy: sign in, a session that costs nothing, talk, rate', async (t) => {
    const [who, mitra] = [await customer(stack, { phone: phones.customer }), await approvedMitra(stack, { phone: phones.mitra })]
    const refused = await startSession(who, { packageId: priced!.id })
    t.match(refused, { status: 503, body: { code: 'payments_disabled' } }, 'what costs something can’t be had')
    const sockets = { who: await connect(who), mitra: await connect(mitra) }
    await goOnline(mitra)
    await eventually(async () => (await who.call('GET', '/api/v1/availability')).body.mitrasFree === 1, 'the beacon shows the mitra')
    const { body } = await expect(201, startSession(who, { packageId: free!.id }))
    const offer = await eventually(async () => (await mitra.call('GET', '/api/v1/offers')).body.items[0], 'the offer rings')
    const accepted = await expect(200, mitra.call('POST', `/api/v1/offers/${offer.id}/accept`))
    const { conversationId } = accepted.body.session
    for (const [from, to, text] of [['who', 'mitra', 'is anybody there?'], ['mitra', 'who', 'yes']] as const) {
      const clientId = crypto.randomUUID()
      sockets[from].send({ type: 'message:send', clientId, conversationId, body: text })
      await sockets[from].next('message:ack', { matches: (frame) => frame['clientId'] === clientId })
      await sockets[to].next('message:received', { matches: (frame) => frame['body'] === text })
    }
    await expect(200, who.call('POST', `/api/v1/sessions/${body.session.id}/end`))
    await eventually(async () => (await who.call('GET', `/api/v1/sessions/${body.session.id}`)).body.session.state === 'ended', 'it has ended')
    t.match(await expect(201, who.call('POST', `/api/v1/sessions/${body.session.id}/rating`, { body: { score: 5, comment: 'Good.' } })), { body: { rating: { score: 5 } } })
    await Promise.all([sockets.who.close(), sockets.mitra.close()])
  })

  await t.test('whoever says to be forwarded for somebody is counted as who they are', async (t) => {
    const left = async (forwarded: string) => Number((await fetch(`${stack.url}/api/v1/app-config`, { headers: { 'x-forwarded-for': forwarded } })).headers.get('ratelimit-remaining'))
    const [first, second] = [await left('203.0.113.1'), await left('203.0.113.2')]
    t.ok(first > 0)
    t.equal(second, first - 1, 'one address, whatever it claims')
  })

  await t.test('the ledger is right, by the same image', async (t) => {
    const { code, output } = await stack.tryCompose(['run', '--rm', '--no-deps', '--no-TTY', 'migrate', 'node', '--env-file=/keys/app/app.env', 'backend/ledger-check.ts'])
    t.equal(code, 0, output)
  })

  await t.test('no secret and no number is in what the containers print', async (t) => {
    const printed = (await Promise.all(['keys', 'migrate', 'seed', 'api-1', 'api-2', 'proxy'].map((service) => stack.logs(service)))).join('\n')
    const files = await stack.exec('postgres', 'sh', '-c', 'cat /keys/owner/*-password')
    for (const secret of [...files.match(/[\w-]{20,43}/g)!, ...stack.env.jwtKeys.map((key) => key.secret), phones.customer, phones.mitra, phones.customer.slice(1)]) t.notOk(printed.includes(secret))
  })

  await t.test('the Caddyfiles of TLS and of the VPN are understood', async (t) => {
    for (const name of ['Caddyfile', 'Caddyfile.tls', 'Caddyfile.vpn']) {
      const { code, output } = await tryDocker(['run', '--rm', '--network', 'none', '--env', 'PUBLIC_HOST=api.example.org', '--env', 'VPN_ADDRESS=10.20.0.9', '--env', 'UPSTREAMS=api-1:3000', '--env', 'TRUSTED_PROXIES=10.0.0.0/8 2001:db8::/32', '--env', 'XDG_DATA_HOME=/tmp/d', '--env', 'XDG_CONFIG_HOME=/tmp/c',
        '--volume', `${projectFile(`docker/${name}`)}:/etc/caddy/Caddyfile:ro`, '--volume', `${projectFile('docker/replicas.caddy')}:/etc/caddy/replicas.caddy:ro`, 'caddy:2', 'caddy', 'validate', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'])
      t.equal(code, 0, `${name}: ${code === 0 ? '' : output}`)
    }
  })
})
