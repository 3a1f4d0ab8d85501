import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { z } from 'zod'
import { call, startTestApp } from '../testing/app.ts'
import { AppError } from './errors.ts'

const open = { access: 'public', limit: 'standard' } as const
const Shop = 'https://shop.example'

t.test('what every route has in common', async (t) => {
  const app = await startTestApp(t, {
    simulators: false,
    env: { ALLOWED_ORIGINS: `${Shop},https://app.example:8443` },
    mount: (ctx, { publicApp }) => {
      publicApp.post('/api/v1/echo', { schema: { body: z.strictObject({ name: z.string().min(2), tags: z.array(z.strictObject({ id: z.number() })).default([]) }) }, config: open }, async (request) => request.body)
      publicApp.post('/api/v1/nothing/:id', { config: open }, async (request) => ({ body: request.body }))
      publicApp.delete('/api/v1/nothing/:id', { config: open }, async (request) => ({ body: request.body }))
      publicApp.get('/api/v1/refused', { config: open }, async () => {
        throw new AppError('session_state_conflict', 'Not now.')
      })
      publicApp.get('/api/v1/broken', { config: open }, async () => {
        throw new Error('the secret of the house')
      })
      publicApp.get('/api/v1/misshapen', { schema: { response: { 200: z.object({ count: z.number() }) } }, config: open }, async () => ({ count: 'many', secret: 'x' }))
      publicApp.get('/api/v1/stripped', { schema: { response: { 200: z.object({ count: z.number() }) } }, config: open }, async () => ({ count: 1, secret: 'x' }))
      publicApp.post('/api/v1/store', { schema: { body: z.strictObject({ text: z.string() }) }, config: open }, async (request) => {
        const { text } = request.body as { text: string }
        await ctx.pool.query('select $1::text', [text])
        return {}
      })
    },
  })
  const { url } = app
  const post = (path: string, body: string, headers: Record<string, string> = {}) => call(url, 'POST', path, { body, headers })

  t.test('every refusal is a problem with a code', async (t) => {
    const refused = await call(url, 'GET', '/api/v1/refused?secret=1')
    t.equal(refused.status, 409)
    t.equal(refused.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.match(refused.body, {
      type: 'https://halobestie.com/problems/session_state_conflict', title: 'Session state conflict', status: 409, code: 'session_state_conflict',
      detail: 'Not now.', instance: '/api/v1/refused', requestId: refused.headers['x-request-id']!,
    })
    t.match(await call(url, 'GET', '/api/v1/nowhere'), { status: 404, body: { code: 'not_found' } })
    const other = await call(url, 'PUT', '/api/v1/nothing/7')
    t.match(other, { status: 405, headers: { allow: 'POST, DELETE' }, body: { code: 'method_not_allowed' } })
    t.match(await call(url, 'GET', '/api/v1/%zz'), { status: 400, body: { code: 'validation_failed' } })
    t.match(await call(url, 'POST', `/api/v1/nothing/${'x'.repeat(300)}`), { status: 404, body: { code: 'not_found' } })
  })

  t.test('a fault of ours is told to nobody', async (t) => {
    const broken = await call(url, 'GET', '/api/v1/broken')
    t.match(broken, { status: 500, body: { code: 'internal' } })
    t.notMatch(broken.text, /secret/)
    const misshapen = await call(url, 'GET', '/api/v1/misshapen')
    t.match(misshapen, { status: 500, body: { code: 'internal' } })
    t.notMatch(misshapen.text, /secret|count/)
    t.same((await call(url, 'GET', '/api/v1/stripped')).body, { count: 1 }, 'an answer holds only what its schema declares')
  })

  t.test('bodies are strict, and each wrong field is named', async (t) => {
    t.same((await call(url, 'POST', '/api/v1/echo', { body: { name: 'Rina' } })).body, { name: 'Rina', tags: [] })
    const wrong = await call(url, 'POST', '/api/v1/echo', { body: { name: 'R', tags: [{ id: 'x', admin: true }], isAdmin: true } })
    t.equal(wrong.status, 400)
    t.equal(wrong.body.code, 'validation_failed')
    t.same(wrong.body.errors.map((error: { path: string }) => error.path).toSorted(), ['isAdmin', 'name', 'tags.0.admin', 'tags.0.id'])
    t.match(await call(url, 'POST', '/api/v1/nothing/1', { body: { anything: 1 } }), { status: 400 }, 'a route without a body takes no field')
    t.match(await post('/api/v1/echo', '{"name": "Rina"'), { status: 400, body: { code: 'validation_failed' } })
    t.match(await post('/api/v1/echo', '{"name": "Rina", "__proto__": {"a": 1}}'), { status: 400, body: { code: 'validation_failed' } })
    t.match(await post('/api/v1/nothing/1', 'null'), { status: 400 })
    t.match(await call(url, 'POST', '/api/v1/store', { body: { text: 'a\0b' } }), { status: 400, body: { code: 'validation_failed' } })
  })

  t.test('an absent body counts as {}', async (t) => {
    t.same((await call(url, 'POST', '/api/v1/nothing/1')).body, { body: {} })
    t.same((await call(url, 'DELETE', '/api/v1/nothing/1')).body, { body: {} })
    t.same((await post('/api/v1/nothing/1', '')).body, { body: {} }, 'empty, but announced as JSON')
    t.match(await call(url, 'POST', '/api/v1/echo'), { status: 400, body: { errors: [{ path: 'name' }] } })
  })

  t.test('only JSON is taken, and only so much', async (t) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', '???']) {
      t.match(await post('/api/v1/echo', '{"name":"Rina"}', { 'content-type': type }), { status: 415, body: { code: 'unsupported_media_type' } }, type)
    }
    t.match(await post('/api/v1/echo', JSON.stringify({ name: 'x'.repeat(1_100_000) })), { status: 413, body: { code: 'payload_too_large' } })
  })

  t.test('a request id comes back; one that could harm a log is replaced', async (t) => {
    const answer = await call(url, 'GET', '/health', { headers: { 'x-request-id': 'client-7.4_2' } })
    t.equal(answer.headers['x-request-id'], 'client-7.4_2')
    for (const bad of ['a b c d e f', '<script>alert(1)</script>', 'x'.repeat(200), 'short']) {
      t.match((await call(url, 'GET', '/health', { headers: { 'x-request-id': bad } })).headers['x-request-id'], /^[0-9a-f-]{36}$/)
    }
  })

  t.test('security headers are on every answer', async (t) => {
    for (const path of ['/health', '/api/v1/nowhere', '/api/v1/broken', '/api/v1/docs', '/api/v1/openapi.json']) {
      const { headers } = await call(url, 'GET', path)
      t.match(headers, {
        'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'strict-origin-when-cross-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=()', 'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
        'content-security-policy': /^default-src '(none|self)'/,
      }, path)
      t.equal(headers['server'], undefined)
      t.equal(headers['x-powered-by'], undefined)
    }
  })

  t.test('browsers: listed origins may read and write, foreign ones may not', async (t) => {
    const listed = await call(url, 'POST', '/api/v1/echo', { body: { name: 'Rina' }, headers: { origin: Shop } })
    t.match(listed, { status: 200, headers: { 'access-control-allow-origin': Shop, vary: 'origin' } })
    t.equal(listed.headers['access-control-allow-credentials'], undefined)
    const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
    t.match(await call(url, 'OPTIONS', '/api/v1/echo', { headers: { origin: Shop, ...preflight } }), {
      status: 204, headers: { 'access-control-allow-origin': Shop, 'access-control-allow-headers': /authorization/, 'access-control-allow-methods': /POST/ },
    })
    for (const origin of ['https://evil.example', 'null', 'http://shop.example', 'https://shop.example.evil.example', 'https://app.example']) {
      const written = await call(url, 'POST', '/api/v1/echo', { body: { name: 'Rina' }, headers: { origin } })
      t.match(written, { status: 403, body: { code: 'forbidden' } }, origin)
      const asked = await call(url, 'OPTIONS', '/api/v1/echo', { headers: { origin, ...preflight } })
      const read = await call(url, 'GET', '/health', { headers: { origin } })
      for (const answer of [written, asked, read]) t.equal(answer.headers['access-control-allow-origin'], undefined, origin)
    }
    t.match(await call(url, 'POST', '/api/v1/echo', { body: { name: 'Rina' }, headers: { origin: url } }), { status: 200 }, 'our own pages')
  })

  t.test('the documentation describes every route, and its page loads by its own rules', async (t) => {
    const { body } = await call(url, 'GET', '/api/v1/openapi.json')
    t.match(body, { openapi: '3.1.0', paths: { '/api/v1/echo': { post: { security: [], requestBody: {}, responses: { default: {} } } } } })
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    const registered = app.replicas[0]!.publicApp.inventory.filter((route) => route.method !== 'HEAD' && route.schema?.hide !== true)
    t.same(registered.map((route) => `${route.method} ${route.url.replaceAll(/:(\w+)/g, '{$1}')}`).filter((route) => !described.includes(route)), [])
    const page = await call(url, 'GET', '/api/v1/docs')
    t.equal(page.status, 200)
    t.notMatch(page.text, /<script>(?!\s*<)|<style>|https?:\/\//, 'nothing inline, nothing from elsewhere')
    for (const asset of [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!)) t.equal((await call(url, 'GET', asset)).status, 200, asset)
  })

  t.test('what is no HTTP is answered and hung up on', async (t) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('NOT HTTP AT ALL\r\n\r\n')
    const [data] = await once(socket, 'data')
    t.match(String(data), /^HTTP\/1\.1 400 [\s\S]*"code":"validation_failed"/)
    await once(socket, 'close')
    const wordy = connect(Number(new URL(url).port), '127.0.0.1')
    wordy.write(`GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(70_000)}\r\n\r\n`)
    const [answer] = await once(wordy, 'data')
    t.match(String(answer), /^HTTP\/1\.1 431 [\s\S]*"status":431/)
    wordy.destroy()
  })
})

t.test('a route that declares no access, no limit or a loose body does not boot', async (t) => {
  const boot = (mount: NonNullable<Parameters<typeof startTestApp>[1]>['mount']) => startTestApp(t, { simulators: false, ...(mount ? { mount } : {}) })
  await t.rejects(boot((_ctx, { publicApp }) => void publicApp.get('/x', async () => ({}))), { message: 'GET /x declares no access' })
  await t.rejects(boot((_ctx, { internalApp }) => void internalApp.get('/x', { config: { access: { staff: 'self' } } }, async () => ({}))), { message: 'GET /x declares no limit' })
  await t.rejects(boot((_ctx, { publicApp }) => void publicApp.post('/x', { config: open, schema: { body: z.object({ a: z.string() }) } }, async () => ({}))), { message: /takes unknown fields/ })
  await t.rejects(boot(async (_ctx, { publicApp }) => {
    await publicApp.register(async (scope) => void scope.delete('/y', async () => ({})))
  }), { message: 'DELETE /y declares no access' })
})
