import t, { type Test } from 'tap'
import { z } from 'zod'
import { call, startTestApp, type Answer, type TestApp } from '../testing/app.ts'
import type { UserActor } from './access.ts'
import { AppError } from './errors.ts'
import { sweepIdempotencyKeys } from './idempotency.ts'

const authenticators = {
  public: { user: async (token: string) => ({ actor: { kind: 'customer', id: token, signInId: token } satisfies UserActor, expiresAt: new Date('2100-01-01') }) },
}

type Ask = { key?: string; token?: string | undefined; body?: object; replica?: number; path?: string }

async function start(t: Test): Promise<{ app: TestApp; runs: () => number; post: (ask: Ask) => Promise<Answer>; held: () => Promise<() => void> }> {
  let runs = 0
  let entered = Promise.withResolvers<() => void>()
  const app = await startTestApp(t, {
    replicas: 2, simulators: false, authenticators, worker: { housekeeping: false },
    mount: (_ctx, { publicApp }) => {
      const body = z.strictObject({ act: z.enum(['make', 'fail', 'refuse', 'limit', 'hold']).default('make'), note: z.string().optional() })
      const handler = async (request: { body: unknown }) => {
        runs++
        const { act } = request.body as z.output<typeof body> // parsed by the schema above
        if (act === 'fail') throw new Error('a fault')
        if (act === 'refuse') throw new AppError('session_state_conflict')
        if (act === 'limit') throw new AppError('hold_cooldown')
        if (act === 'hold') {
          const { promise, resolve } = Promise.withResolvers<void>()
          entered.resolve(resolve)
          await promise
        }
        return { run: runs, token: 'a token that is not to be read in the database' }
      }
      publicApp.post('/things', { schema: { body }, config: { access: 'public', limit: 'standard' } }, async (request, reply) => reply.code(201).header('location', '/things/1').send(await handler(request)))
      publicApp.post('/things/:id/use', { schema: { body }, config: { access: 'customer', limit: 'standard', idempotency: 'required' } }, handler)
      publicApp.post('/hooks', { schema: { body }, config: { access: 'public', limit: 'none', idempotency: 'off' } }, handler)
    },
  })
  return {
    app,
    runs: () => runs,
    post: ({ key, token, body, replica = 0, path = '/things' }) =>
      call(app.replicas[replica]!.url, 'POST', path, { token, ...(body ? { body } : {}), headers: key === undefined ? {} : { 'idempotency-key': key } }),
    // Waits until a request is inside; answers what lets it go on.
    held: async () => {
      const release = await entered.promise
      entered = Promise.withResolvers()
      return release
    },
  }
}

t.test('a POST with an idempotency key happens once', async (t) => {
  const { app, runs, post, held } = await start(t)
  const ranDuring = async (work: () => Promise<unknown>) => {
    const before = runs()
    await work()
    return runs() - before
  }

  t.test('the same key and body replays the stored answer, on either replica', async (t) => {
    const first = await post({ key: 'k1', body: { note: 'a' } })
    t.match(first, { status: 201, headers: { location: '/things/1' } })
    t.equal(first.headers['idempotency-replayed'], undefined)
    for (const replica of [0, 1]) {
      const again = await post({ key: 'k1', body: { note: 'a' }, replica })
      t.equal(again.text, first.text)
      t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true', location: '/things/1', 'content-type': first.headers['content-type']! } })
    }
    t.equal((await call(app.url, 'POST', '/things', { body: '{"note":"a","act":"make"}', headers: { 'idempotency-key': 'k1' } })).headers['idempotency-replayed'], 'true', 'the order and defaults of fields do not matter')
  })

  t.test('another body or path under the same key is refused', async (t) => {
    t.match(await post({ key: 'k1', body: { note: 'b' }, replica: 1 }), { status: 422, body: { code: 'idempotency_key_reused' } })
    await post({ key: 'k2', token: 'citra', path: '/things/1/use' })
    t.match(await post({ key: 'k2', token: 'citra', path: '/things/2/use' }), { status: 422, body: { code: 'idempotency_key_reused' } })
  })

  t.test('while the first is running, the second is told so', async (t) => {
    const first = post({ key: 'k3', body: { act: 'hold' } })
    const release = await held()
    t.match(await post({ key: 'k3', body: { act: 'hold' }, replica: 1 }), { status: 409, body: { code: 'idempotency_in_progress' }, headers: { 'retry-after': '1' } })
    t.match(await post({ key: 'k3', body: { act: 'make' }, replica: 1 }), { status: 422 })
    release()
    t.equal((await first).status, 201)
    t.equal((await post({ key: 'k3', body: { act: 'hold' }, replica: 1 })).headers['idempotency-replayed'], 'true')
  })

  t.test('of 20 at once on two replicas one runs', async (t) => {
    let answers: Answer[] = []
    const ran = await ranDuring(async () => {
      answers = await Promise.all(Array.from({ length: 20 }, (_, index) => post({ key: 'k4', replica: index % 2 })))
    })
    t.equal(ran, 1)
    t.same(answers.filter((answer) => ![201, 409].includes(answer.status)), [])
    t.equal(new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.text)).size, 1)
  })

  t.test('after a 5xx or 429 the key is free', async (t) => {
    t.equal((await post({ key: 'k5', body: { act: 'fail' } })).status, 500)
    t.match(await post({ key: 'k5', body: { act: 'make' }, replica: 1 }), { status: 201 }, 'even for another body')
    t.equal((await post({ key: 'k6', body: { act: 'limit' } })).status, 429)
    t.equal(await ranDuring(() => post({ key: 'k6', body: { act: 'limit' } })), 1)
  })

  t.test('a refusal is an answer: it is replayed', async (t) => {
    t.match(await post({ key: 'k7', body: { act: 'refuse' } }), { status: 409, body: { code: 'session_state_conflict' } })
    const ran = await ranDuring(async () => {
      t.match(await post({ key: 'k7', body: { act: 'refuse' } }), { status: 409, headers: { 'idempotency-replayed': 'true', 'content-type': 'application/problem+json; charset=utf-8' } })
    })
    t.equal(ran, 0)
  })

  t.test('a key belongs to one person and one route', async (t) => {
    const ran = await ranDuring(async () => {
      for (const token of ['citra', 'dewi', undefined]) t.equal((await post({ key: 'k8', token })).headers['idempotency-replayed'], undefined)
      for (const token of ['citra', 'dewi']) t.equal((await post({ key: 'k8', token, path: '/things/1/use' })).headers['idempotency-replayed'], undefined)
    })
    t.equal(ran, 5)
  })

  t.test('where it is required, nothing happens without it', async (t) => {
    const ran = await ranDuring(async () => {
      t.match(await post({ token: 'citra', path: '/things/1/use' }), { status: 400, body: { code: 'idempotency_key_required' } })
      t.match(await post({ key: '', token: 'citra', path: '/things/1/use' }), { status: 400, body: { code: 'idempotency_key_required' } })
      for (const key of ['x'.repeat(300), 'with space']) t.match(await post({ key, token: 'citra', path: '/things/1/use' }), { status: 400, body: { code: 'validation_failed' } })
      t.match(await post({ key: 'k9', path: '/things/1/use' }), { status: 401 }, 'a stranger holds no key')
      t.match(await post({ key: 'k9', token: 'citra', path: '/things/1/use', body: { wrong: 1 } }), { status: 400 })
      t.equal((await app.query(`select 1 from idempotency_keys where key = 'k9'`)).length, 0, 'what is not understood takes no key')
    })
    t.equal(ran, 0)
    t.equal(await ranDuring(async () => {
      await post({ key: 'k10', path: '/hooks' })
      await post({ key: 'k10', path: '/hooks' })
    }), 2, 'where it is off, the header means nothing')
  })

  t.test('a replica that died holds its key only until its lock runs out', async (t) => {
    const dead = post({ key: 'k11', body: { act: 'hold' } })
    const wake = await held()
    await app.clock.advance(20)
    t.equal((await post({ key: 'k11', body: { act: 'hold' }, replica: 1 })).status, 409)
    await app.clock.advance(41)
    const successor = post({ key: 'k11', body: { act: 'hold' }, replica: 1 })
    const release = await held()
    wake()
    t.equal((await dead).status, 201)
    t.equal((await post({ key: 'k11', body: { act: 'hold' } })).status, 409, 'it had only slept: its successor goes on')
    release()
    t.equal((await successor).status, 201)
    t.equal((await post({ key: 'k11', body: { act: 'hold' } })).text, (await successor).text, 'who slept past the lock does not overwrite')
  })

  t.test('answers are kept a day, encrypted, and then swept', async (t) => {
    const rows = await app.query<{ text: string }>(`select coalesce(encode(body, 'escape'), '') || coalesce(headers::text, '') as text from idempotency_keys`)
    t.ok(rows.length > 5)
    t.notMatch(rows.map((row) => row.text).join(), /not to be read/)
    await app.clock.advance(86_400)
    t.equal(await ranDuring(() => post({ key: 'k1', body: { note: 'a' } })), 1)
    t.equal(await sweepIdempotencyKeys(app.replicas[0]!.ctx, 1000), rows.length - 1)
  })
})
