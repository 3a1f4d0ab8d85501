import type { Page } from 'playwright-core'
import type { TestApp } from '../../backend/testing/app.ts'
import { customer, expect, introduce, signIn } from '../../backend/testing/people.ts'
import { staffOf } from '../../backend/testing/staff.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

const statusOf = async (app: TestApp, id: string) => (await app.query<{ status: string }>('select status from mitras where user_id = $1', [id]))[0]!.status

/** Somebody whose application waits for a decision. */
async function applicant(app: TestApp): Promise<string> {
  const person = await introduce(await signIn(app, { kind: 'mitra' }))
  await expect(201, person.call('POST', '/api/v1/mitra/application', { body: { bio: 'A good listener.', topics: ['work'], languages: ['id'] } }))
  return person.id
}

/** Opens the dialog of a decision and types the reason. */
async function begin(page: Page, act: string, reason: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: act, exact: true }).first().click()
  await page.getByRole('dialog').getByLabel('Reason').fill(reason)
}
const press = (page: Page, act: string) => page.getByRole('dialog').getByRole('button', { name: act, exact: true }).last().click()

browserTest('two decide about one person at once: the second is told so, and nothing that they typed is lost', async (t, { app, openAs }) => {
  const id = await applicant(app)
  const [first, second] = await Promise.all([openAs('admin', `/mitras/${id}`), openAs('super_admin', `/mitras/${id}`, { replica: 1 })])
  await Promise.all([begin(first.page, 'Approve', 'a good talk on the phone'), begin(second.page, 'Reject', 'the papers are not complete')])
  await press(first.page, 'Approve')
  await first.page.getByRole('dialog').waitFor({ state: 'hidden' })
  t.equal(await statusOf(app, id), 'approved')
  await press(second.page, 'Reject')
  await second.page.getByRole('dialog').getByRole('alert').getByText('Somebody was quicker').waitFor()
  t.equal(await second.page.getByRole('dialog').getByLabel('Reason').inputValue(), 'the papers are not complete')
  t.equal(await statusOf(app, id), 'approved', 'the first decision stands')
  await second.page.keyboard.press('Escape')
  await second.page.getByRole('dialog').waitFor({ state: 'hidden' })
  await second.page.getByRole('main').getByRole('button', { name: 'Deactivate', exact: true }).first().waitFor()
})

browserTest('a sign-in ends while a form is half filled: one signs in over it, and goes on', async (t, { app, open }) => {
  const [id, staff] = [await applicant(app), await staffOf(app, 'admin')]
  const { page } = await open(`/mitras/${id}`, { as: { token: staff.cookie.slice('staff='.length) } })
  await begin(page, 'Approve', 'she listened to me for an hour')
  // Once the button is pressed: the live socket tells the page within a second, and it would ask for the sign-in by itself.
  await page.route(`**/mitras/${id}/approve`, async (route) => {
    await app.query('update staff_sessions set revoked_at = app_now() where staff_id = $1', [staff.id])
    await route.continue()
  }, { times: 1 })
  await press(page, 'Approve')
  const door = page.getByRole('dialog', { name: 'Your sign-in has ended' })
  await door.waitFor()
  t.equal(await door.getByLabel('E-mail').inputValue(), staff.email)
  await door.getByRole('textbox', { name: 'Password' }).fill('correct-horse-battery-staple')
  await door.getByRole('button', { name: 'Sign in' }).click()
  await door.waitFor({ state: 'hidden' })
  t.equal(await page.getByRole('dialog').getByLabel('Reason').inputValue(), 'she listened to me for an hour')
  await press(page, 'Approve')
  await eventually(async () => (await statusOf(app, id)) === 'approved', 'it is done')
  t.match(await app.query(`select reason from audit_log where target_id = $1 and act like 'mitra%' order by seq desc limit 1`, [id]), [{ reason: 'she listened to me for an hour' }])
})

browserTest('a reload in the middle of typing keeps what was typed', async (t, { app, openAs }) => {
  const id = await applicant(app)
  const { page } = await openAs('admin', `/mitras/${id}`)
  await begin(page, 'Reject', 'half a sent')
  await page.reload()
  await page.getByRole('main').getByRole('button', { name: 'Reject', exact: true }).first().click()
  t.equal(await page.getByRole('dialog').getByLabel('Reason').inputValue(), 'half a sent')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.waitForFunction(() => document.activeElement?.textContent === 'Reject')
  t.pass('the dialog gives the focus back')
})

browserTest('the answer to a gift of credit is lost, the page loaded again, the button pressed once more: the credit is given once', async (t, { app, openAs }) => {
  const person = await customer(app)
  const { page } = await openAs('admin', `/customers/${person.id}`)
  const given = () => app.query<{ idr: number }>('select amount_idr::int as idr from staff_credits where customer_id = $1', [person.id])
  await page.getByRole('button', { name: 'Give credit' }).click()
  await page.getByRole('dialog').getByLabel('Amount').fill('15000')
  await page.getByRole('dialog').getByLabel('Reason').fill('the line broke')
  await page.route('**/credit', async (route) => {
    await route.fetch()
    await route.abort()
  }, { times: 1 })
  await press(page, 'Give credit')
  await page.getByRole('dialog').getByRole('alert').waitFor()
  t.same(await given(), [{ idr: 15_000 }])
  await page.reload()
  await page.getByRole('button', { name: 'Give credit' }).click()
  t.equal(await page.getByRole('dialog').getByLabel('Reason').inputValue(), 'the line broke')
  await press(page, 'Give credit')
  await page.getByText('The credit is given.').waitFor()
  t.same(await given(), [{ idr: 15_000 }])
})
