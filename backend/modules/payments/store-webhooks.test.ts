import t from 'tap'
import { testEnv } from '../../testing/env.ts'
import { startPayments } from '../../testing/payments.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { createTokenCheck } from './receive-webhook.ts'

async function send(url: string, body: string, kind = 'invoice', token = testSecrets.xenditWebhookToken): Promise<number> {
  const response = await fetch(`${url}/webhooks/xendit/${kind}`, { method: 'POST', headers: { 'x-callback-token': token }, body })
  await response.arrayBuffer()
  return response.status
}

t.test('what comes at once is stored together: each once, and every copy counted', async (t) => {
  const app = await startPayments(t, { replicas: 2 })
  const bodies = [...Array.from({ length: 40 }, (_, index) => `{"n":${index}}`), ...Array.from({ length: 60 }, () => '{"same":true}')]
  const statuses = await Promise.all(bodies.map((body, index) => send(app.replicas[index % 2]!.url, body)))
  t.ok(statuses.every((status) => status === 200))
  t.equal(await send(app.replicas[0]!.url, '{"same":true}', 'refund'), 200)
  const rows = await app.query(`select kind, convert_from(body, 'UTF8') as body, received_count, body_sha256 = sha256(body) as is_hashed from provider_inbox`)
  t.equal(rows.length, 42, 'the same words of another kind are another event')
  t.ok(rows.every((row) => row.is_hashed))
  t.equal(rows.find((row) => row.body === '{"same":true}' && row.kind === 'invoice')!.received_count, 60)
  t.equal(new Set(app.replicas.flatMap((replica) => replica.enqueued)).size <= 42, true)
})

t.test('one body that Postgres refuses takes no other with it', async (t) => {
  const app = await startPayments(t)
  await app.query(`alter table provider_inbox add constraint no_poison check (position('poison' in encode(body, 'escape')) = 0)`)
  const bodies = Array.from({ length: 12 }, (_, index) => (index === 5 ? 'poison' : `{"n":${index}}`))
  const statuses = await Promise.all(bodies.map((body) => send(app.replicas[0]!.url, body)))
  t.same(statuses.map((status) => status >= 500), bodies.map((body) => body === 'poison'), 'who sent it is told, and sends it again')
  t.equal((await app.inbox()).length, 11)
})

t.test('the token before is refused after its grace', async (t) => {
  const previous = 'the-token-before-this-one'
  const at = (until: number) => new Date(Date.now() + until * 3_600_000).toISOString()
  for (const [until, status] of [[at(-1), 401], [at(1), 200]] as const) {
    const app = await startPayments(t, { env: { XENDIT_WEBHOOK_TOKEN_PREVIOUS: previous, XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: until } })
    t.equal(await send(app.replicas[0]!.url, '{}', 'payout', previous), status)
    t.equal(await send(app.replicas[0]!.url, '{}', 'payout'), 200)
  }
  let nowMs = 0
  const env = testEnv({ DATABASE_URL: 'postgres://x', VALKEY_URL: 'redis://x' }, { XENDIT_WEBHOOK_TOKEN: 'the-token-of-today-itself', XENDIT_WEBHOOK_TOKEN_PREVIOUS: previous })
  const isToken = createTokenCheck({ env, clock: { nowMs: () => nowMs, heard: () => {} } })
  nowMs = 24 * 3_600_000 - 1
  t.same([isToken(previous), isToken('the-token-of-today-itself'), isToken('another')], [true, true, false])
  nowMs++
  t.same([isToken(previous), isToken('the-token-of-today-itself')], [false, true], 'without an end, a day after the start')
})
