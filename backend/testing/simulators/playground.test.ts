import { globSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../servers/processes.ts'
import { startTestSimulators } from './index.ts'

const folder = join(projectRoot, 'docs/playground')
const files = globSync('**/*.{html,css,js}', { cwd: folder })
const playground = { publicUrl: 'http://127.0.0.1:3999', phones: () => ({ customer: ['+6281220000001'], mitra: [] }) }

t.test('the playground is not there unless it is asked for', async (t) => {
  const { url, stop } = await startTestSimulators()
  t.after(stop)
  for (const path of ['/playground', '/playground/', '/playground/index.html', '/playground/config.json']) t.equal((await fetch(url + path)).status, 404, path)
})

t.test('it is served with a policy that allows no inline script, and knows whom to talk to', async (t) => {
  const { url, stop } = await startTestSimulators({ playground })
  t.after(stop)
  const page = await fetch(`${url}/playground`)
  t.equal(new URL(page.url).pathname, '/playground/')
  t.match(page.headers.get('content-type'), /^text\/html/)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/)
  t.match(policy, "connect-src 'self' http://127.0.0.1:3999 ws://127.0.0.1:3999;")
  t.notMatch(policy, /unsafe|\*/)
  t.same(await (await fetch(`${url}/playground/config.json`)).json(), { publicUrl: playground.publicUrl, phones: playground.phones() })
  const types = { html: 'text/html', css: 'text/css', js: 'text/javascript' }
  for (const file of files) {
    const served = await fetch(`${url}/playground/${file}`)
    t.equal(served.status, 200, file)
    t.ok(served.headers.get('content-type')?.startsWith(types[file.slice(file.lastIndexOf('.') + 1) as keyof typeof types]), file)
    t.equal(await served.text(), readFileSync(join(folder, file), 'utf8'))
  }
})

t.test('nothing beside its files can be read', async (t) => {
  const { url, stop } = await startTestSimulators({ playground })
  t.after(stop)
  // fetch would tidy the path away.
  const status = (path: string) => new Promise((resolve, reject) => void request(url, { path }, (response) => resolve(response.resume().statusCode)).on('error', reject).end())
  for (const path of ['/playground/../../package.json', '/playground/%2e%2e/%2e%2e/package.json', '/playground/..%2f..%2fpackage.json', '/playground//etc/passwd', '/playground/client', '/playground/client/', '/playground/nothing.js']) {
    t.equal(await status(path), 404, path)
  }
})

t.test('its page needs no inline script or style, and every file that it names is there', async (t) => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  t.notMatch(html, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/)
  for (const [, file] of html.matchAll(/(?:src|href)="([\w./-]+\.\w+)"/g)) t.ok(files.includes(file!), file!)
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(folder, file), 'utf8')
    t.notMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, `${file}: text is never read as HTML`)
    for (const [, path] of text.matchAll(/from '([^']+)'/g)) t.ok(files.includes(join(file, '..', path!)), `${file} → ${path}`)
  }
  const names = [...html.matchAll(/ data-([\w-]+)/g)].map((match) => match[1]!)
  for (const [, name] of readFileSync(join(folder, 'panel.js'), 'utf8').matchAll(/part\('([\w-]+)'\)/g)) t.ok(names.includes(name!), `the page has data-${name}`)
})
