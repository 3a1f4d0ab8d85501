import { startFaultProxy } from '../../backend/testing/fault-proxy.ts'
import { stage } from '../../backend/testing/stage.ts'
import { staffAccount } from '../../backend/testing/staff.ts'
import { browserTest } from './house.ts'

const portOf = (url: string) => Number(new URL(url).port)

browserTest('the server restarts while somebody looks at the board: it says so, comes back by itself, and shows what happened meanwhile', async (t, { app, openAs }) => {
  const proxy = await startFaultProxy(t, portOf(app.replicas[0]!.internalUrl))
  const { page } = await openAs('admin', '/', { through: proxy, allow: [502, 503] })
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  const running = page.getByRole('region', { name: 'Running sessions' }).or(page.getByRole('table', { name: 'Running sessions' }))
  proxy.cut()
  await page.getByRole('alert').getByText('As of').waitFor()
  t.ok(await page.getByRole('heading', { level: 1, name: 'Live board' }).isVisible(), 'what was known last is still shown')
  const { sessionId } = await stage(app, 'active', { named: true })
  proxy.open(portOf(app.replicas[1]!.internalUrl))
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await running.locator(`a[href*="${sessionId}"]`).waitFor()
  await page.getByRole('alert').getByText('As of').waitFor({ state: 'detached' })
})

browserTest('on a slow network a press is one request, and whoever waits sees that', async (t, { app, open }) => {
  const { email, password } = await staffAccount(app, 'viewer')
  const proxy = await startFaultProxy(t, portOf(app.replicas[0]!.internalUrl))
  const { page } = await open('/account', { through: proxy })
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  let sent = 0
  page.on('request', (request) => void (sent += request.url().endsWith('/auth/login') ? 1 : 0))
  proxy.blackhole({ holds: true })
  const button = page.getByRole('button', { name: 'Sign in' })
  await button.click()
  await page.locator('button[type=submit][data-loading=true]').waitFor()
  await button.click({ force: true })
  await page.getByRole('textbox', { name: 'Password' }).press('Enter')
  proxy.open()
  await page.getByRole('heading', { level: 1, name: 'My account' }).waitFor()
  t.equal(sent, 1)
})
