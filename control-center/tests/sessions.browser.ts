import { stage } from '../../backend/testing/stage.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

browserTest('staff read what two people wrote for a reason, and end their session with one', async (t, { app, openAs }) => {
  const scene = await stage(app, 'active', { named: true, minutes: 60 })
  const conversationId = (await scene.row()).conversation_id
  await scene.customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: crypto.randomUUID(), body: 'My evening was hard.' } })
  const { page, staff } = await openAs('moderator', `/sessions/${scene.sessionId}`)
  await page.getByRole('button', { name: 'Read the transcript' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('A report about this session')
  await page.getByRole('dialog').locator('form').getByRole('button', { name: 'Read the transcript' }).click()
  await page.getByRole('region', { name: 'Transcript' }).getByText('My evening was hard.').waitFor()
  t.match(await app.query(`select actor_id, reason from audit_log where act = 'transcript.read' and target_id = $1`, [conversationId]), [{ actor_id: staff.id, reason: 'A report about this session' }])
  await page.getByRole('button', { name: 'Put it away' }).click()
  t.equal(await page.getByRole('button', { name: 'Give credit' }).count(), 0, 'a moderator gives none')

  const line = page.getByRole('region', { name: 'Timeline' })
  await line.getByText('Push', { exact: true }).first().waitFor()
  await line.getByText('Event', { exact: true }).first().click()
  await page.waitForURL((url) => url.searchParams.get('kinds') === 'event')
  t.equal(await line.getByText('Push', { exact: true }).count(), 1, 'only the chip to choose it is left')

  await page.getByRole('button', { name: 'End the session' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('The customer asked us to')
  await page.getByRole('dialog').locator('form').getByRole('button', { name: 'End the session' }).click()
  await page.getByText('The session is ended.').waitFor()
  await page.getByText('Our team ended it').first().waitFor()
  await eventually(async () => (await scene.row()).state === 'ended', 'it has ended')
  t.equal(await page.getByRole('button', { name: 'End the session' }).count(), 0, 'there is nothing more to end')
})

browserTest('credit is given and a case is opened from a session', async (t, { app, openAs }) => {
  const scene = await stage(app, 'ended', { named: true })
  const { page } = await openAs('admin', `/sessions/${scene.sessionId}`)
  await page.getByRole('button', { name: 'Give credit' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('The line broke off')
  await page.getByRole('dialog').locator('form').getByRole('button', { name: 'Give credit' }).click()
  await page.getByText('The credit is given.').waitFor()
  t.match(await app.query('select amount_idr, state from staff_credits where customer_id = $1', [scene.customer.id]), [{ amount_idr: '10000', state: 'given' }])
  await page.getByRole('button', { name: 'Open a case' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('A second look')
  await page.getByRole('dialog').locator('form').getByRole('button', { name: 'Open a case' }).click()
  await page.getByText('The case is open.').waitFor()
  await page.getByRole('region', { name: 'Timeline' }).getByText('Case', { exact: true }).first().waitFor()
})

browserTest('a report is drawn, grouped, and comes as a file', async (t, { openAs }) => {
  const { page } = await openAs('finance', '/reports')
  await page.getByRole('main').getByRole('link', { name: 'Sessions', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor()
  await page.getByRole('region', { name: 'Rows of the report' }).getByRole('row').nth(1).waitFor()
  await page.getByText('Month', { exact: true }).click()
  await page.waitForURL((url) => url.searchParams.get('group') === 'month')
  const coming = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download CSV' }).click()
  t.match((await coming).suggestedFilename(), /^sessions-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/)
  const { page: other } = await openAs('viewer', '/reports')
  await other.getByRole('main').getByRole('link', { name: 'Ratings', exact: true }).waitFor()
  t.equal(await other.getByRole('main').getByRole('link', { name: 'Revenue', exact: true }).count(), 0, 'money is not for everybody')
})
