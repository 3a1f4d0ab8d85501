import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { call, startTestApp } from '../testing/app.ts'

const SCRIPT = `console.log('${'halo '.repeat(400)}')`
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

t.test('the control center’s files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'control-center-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'assets/app-4f2c.js'), SCRIPT)
  writeFileSync(join(folder, 'assets/app-4f2c.js.br'), brotliCompressSync(SCRIPT))
  writeFileSync(join(folder, 'assets/app-4f2c.js.gz'), gzipSync(SCRIPT))
  writeFileSync(join(folder, 'secret.txt'), 'not for anybody')
  const { url: publicUrl, internalUrl } = await startTestApp(t, { simulators: false, pages: folder })
  const page = (path: string, headers: Record<string, string> = BROWSER) => call(internalUrl, 'GET', path, { headers })

  t.test('without a build the page says how to make it, and the rest works', async (t) => {
    for (const path of ['/', '/mitras/1']) t.match(await page(path), { status: 503, headers: { 'content-type': /problem\+json/ }, body: { code: 'not_ready', detail: /npm run build/ } }, path)
    t.match(await page('/', {}), { status: 503, body: { detail: /npm run build/ } })
    t.match(await call(internalUrl, 'GET', '/ready'), { status: 200 })
    t.match(await call(internalUrl, 'GET', '/internal/v1/auth/me'), { status: 401 })
    writeFileSync(join(folder, 'index.html.new'), '<!doctype html><title>HaloBestie</title>')
    renameSync(join(folder, 'index.html.new'), join(folder, 'index.html'))
  })

  t.test('a browser gets the page at every path that is no other route’s, and asks for it anew each time', async (t) => {
    for (const path of ['/', '/mitras', '/sessions/018f2b9c-0000-7000-8000-000000000000?tab=timeline', '/internals']) {
      const answer = await page(path)
      t.match(answer, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }, text: /HaloBestie/ }, path)
      t.match(await page(path, { ...BROWSER, 'if-none-match': answer.headers['etag']! }), { status: 304, text: '' }, `${path}, unchanged`)
    }
    t.match(await page('/', {}), { status: 200, text: /HaloBestie/ }, 'the root for everybody')
    const before = (await page('/')).headers['etag']
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>HaloBestiE</title>')
    t.not((await page('/')).headers['etag'], before, 'a new build is another page')
    t.match(await call(internalUrl, 'HEAD', '/'), { status: 200, headers: { 'content-type': /text\/html/ }, text: '' })
  })

  t.test('its headers let nothing in from elsewhere', async (t) => {
    const { headers } = await page('/')
    t.match(headers, {
      'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'strict-origin-when-cross-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=()', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
    })
    const policy = Object.fromEntries((headers['content-security-policy'] ?? '').split('; ').map((part) => [part.split(' ')[0], part.slice(part.indexOf(' ') + 1)]))
    t.same(policy, {
      'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self' 'unsafe-inline'", 'img-src': "'self' data:", 'font-src': "'self'", 'connect-src': "'self'",
      'manifest-src': "'self'", 'base-uri': "'none'", 'form-action': "'self'", 'frame-ancestors': "'none'",
    })
  })

  t.test('assets are kept for a year, and sent as they were compressed', async (t) => {
    const get = (encoding: string) => fetchRaw(`${internalUrl}/assets/app-4f2c.js`, encoding)
    const kept = { 'cache-control': 'public, max-age=31536000, immutable', 'content-type': /javascript; charset=utf-8/, 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff' }
    const [plain, gzip, br] = [await get('identity'), await get('gzip'), await get('gzip, br')]
    for (const { headers } of [plain, gzip, br]) t.match(headers, { ...kept, vary: /accept-encoding/i })
    t.equal(plain.body.toString(), SCRIPT)
    t.equal(gzip.headers['content-encoding'], 'gzip')
    t.equal(gunzipSync(gzip.body).toString(), SCRIPT)
    t.equal(br.headers['content-encoding'], 'br')
    t.equal(brotliDecompressSync(br.body).toString(), SCRIPT)
  })

  t.test('everything else is refused as before', async (t) => {
    const missing = { status: 404, headers: { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' }, body: { code: 'not_found' } }
    for (const path of ['/internal/v1/nowhere', '/internal', '/metrics/x', '/assets/app-0000.js', '/assets/', '/assets']) t.match(await page(path), missing, path)
    for (const path of ['/mitras', '/secret.txt', '/index.html']) t.match(await page(path, { accept: 'application/json' }), missing, `${path}, no browser`)
    for (const path of ['/assets/../secret.txt', '/assets/..%2fsecret.txt', '/assets/%2e%2e/secret.txt', '/assets/..%5csecret.txt']) t.notMatch((await fetchRaw(`${internalUrl}${path}`, 'identity', path)).body.toString(), /not for anybody/, path)
    t.match(await call(internalUrl, 'POST', '/mitras', { body: {} }), missing)
    t.match(await call(internalUrl, 'POST', '/assets/app-4f2c.js', { body: {} }), { status: 405, headers: { allow: 'GET, HEAD' } })
    t.match(await call(internalUrl, 'PUT', '/internal/v1/mitras', { body: {} }), { status: 405, body: { code: 'method_not_allowed' } })
  })

  t.test('nothing of it is public', async (t) => {
    for (const path of ['/', '/mitras', '/assets/app-4f2c.js', '/index.html']) t.match(await call(publicUrl, 'GET', path, { headers: BROWSER }), { status: 404, body: { code: 'not_found' } }, path)
  })
})

/** Without what fetch does for us: it decompresses, and takes `..` out of a path. */
async function fetchRaw(url: string, encoding: string, path = new URL(url).pathname): Promise<{ headers: Record<string, string | undefined>; body: Buffer }> {
  const { request } = await import('node:http')
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers: { 'accept-encoding': encoding, accept: 'text/html' } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers as Record<string, string>, body: Buffer.concat(chunks) }))
    }).on('error', reject).end()
  })
}
