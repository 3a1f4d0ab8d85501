import { stage } from '../../backend/testing/stage.ts'
import { startFaultProxy } from '../../backend/testing/fault-proxy.ts'
import { browserTest } from './house.ts'

browserTest('the live board shows what goes on, as it goes on, and to each role what is theirs', async (t, { app, openAs }) => {
  const boss = await openAs('super_admin', '/')
  const viewer = await openAs('viewer', '/', { replica: 1 })
  const board = (page: typeof boss.page) => page.getByRole('region', { name: 'Running sessions' })
  await boss.page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  const scene = await stage(app, 'active', { phones: true, named: true })
  const [row] = [boss.page.locator(`a[href="/sessions/${scene.sessionId}"]`)]
  await row.waitFor()
  t.match(await row.textContent(), 'Citra')
  await viewer.page.locator(`a[href="/sessions/${scene.sessionId}"]`).filter({ hasText: 'C***' }).waitFor()
  t.notOk(await viewer.page.getByText('Revenue today').isVisible(), 'money is not for a viewer')
  t.ok(await boss.page.getByText('Revenue today').isVisible())
  const clock = board(boss.page).getByRole('timer').first()
  const before = await clock.textContent()
  await boss.page.waitForFunction(([text]) => [...document.querySelectorAll('[role=timer]')].every((one) => one.textContent !== text), [before])
  await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`, {})
  await row.waitFor({ state: 'detached' })
})

browserTest('the board is kept while the server is away, says so, and goes on by itself', async (t, { app, openAs }) => {
  const { port } = new URL(app.internalUrl)
  const way = await startFaultProxy(t, Number(port))
  const { page } = await openAs('admin', '/', { through: way })
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  await page.getByText('Mitras online').waitFor()
  way.reset()
  way.refuse()
  await page.getByRole('status').filter({ hasText: 'Not connected' }).waitFor()
  await page.getByRole('alert').filter({ hasText: 'As of' }).waitFor()
  t.ok(await page.getByText('Mitras online').isVisible(), 'what was known last stays')
  way.open()
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
})

browserTest('work that was given up is tried again from the system page, with a reason', async (t, { app, openAs }) => {
  const id = crypto.randomUUID()
  await app.query(`insert into outbox (id, topic, payload, attempts, parked_at, last_error) values ($1, 'nobody.answers', '{"paymentId": "1"}', 12, app_now(), 'Error')`, [id])
  const { page } = await openAs('finance', '/system')
  await page.getByText('nobody.answers').first().waitFor()
  await page.getByRole('region', { name: 'Replicas' }).getByText('Lives').first().waitFor()
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await page.getByRole('textbox', { name: 'Reason' }).fill('the provider is back')
  await page.locator('form').getByRole('button', { name: 'Try again' }).click()
  await page.getByText('It is being tried again.').waitFor()
  await page.getByText('Nothing was given up').waitFor()
  t.match(await app.query('select reason from audit_log where target_id = $1', [id]), [{ reason: 'the provider is back' }])
  await app.query('delete from outbox where id = $1', [id])
})
