import { expect } from '../../backend/testing/people.ts'
import { staffByRows } from '../../backend/testing/staff-rows.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

browserTest('a setting is changed within its bounds, is seen on every replica, and goes back', async (t, { app, openAs }) => {
  const { page } = await openAs('admin', '/settings?q=tipMostIdr')
  const stored = async () => (await app.query<{ value: number }>(`select value from settings where key = 'tipMostIdr'`))[0]?.value
  const change = page.getByRole('button', { name: 'Change tipMostIdr' })
  await change.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('New value').fill('0')
  await dialog.getByLabel('Reason').fill('a test of bounds')
  await dialog.getByRole('button', { name: 'Change tipMostIdr' }).click()
  await dialog.getByText('tipMostIdr is a whole number from 1 to 100000000 (rupiah)').first().waitFor()
  t.equal(await dialog.getByLabel('Reason').inputValue(), 'a test of bounds', 'what was typed stays')
  t.equal(await stored(), undefined)
  await dialog.getByLabel('New value').fill('900000')
  await dialog.getByRole('button', { name: 'Change tipMostIdr' }).click()
  await page.getByText('tipMostIdr is changed').waitFor()
  t.equal(await stored(), 900_000)
  const replicas = page.getByRole('list', { name: 'Where it is in force' })
  await page.waitForFunction(() => document.querySelectorAll('[aria-label="Where it is in force"] [role=listitem]').length >= 2)
  await eventually(async () => await replicas.getByText('Up to date').count() === 2, 'both replicas have it')

  // A colleague is quicker: nobody writes over what they have not seen, and what was typed stays.
  await change.click()
  await dialog.getByLabel('New value').fill('800000')
  await dialog.getByLabel('Reason').fill('less is enough')
  const other = await staffByRows(app, 'admin')
  const [{ version }] = await app.query<{ version: string }>(`select version from settings where key = 'tipMostIdr'`) as [{ version: string }] // it has just been changed
  await page.route('**/internal/v1/settings/tipMostIdr', async (route) => {
    await expect(200, other.call('PUT', '/settings/tipMostIdr', { body: { value: 700_000, reason: 'quicker', version: Number(version) } }))
    await route.continue()
  }, { times: 1 })
  await dialog.getByRole('button', { name: 'Change tipMostIdr' }).click()
  await dialog.getByText(/Somebody was quicker/).waitFor()
  t.equal(await dialog.getByLabel('Reason').inputValue(), 'less is enough')
  t.equal(await stored(), 700_000)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'History of tipMostIdr' }).click()
  const drawer = page.getByRole('dialog', { name: 'History of tipMostIdr' })
  await drawer.getByText('quicker').waitFor()
  await drawer.getByRole('button', { name: 'Back to the default' }).click()
  const revert = page.getByRole('dialog', { name: 'Back to the default' })
  await revert.getByLabel('Reason').fill('as it came')
  await revert.getByRole('button', { name: 'Back to the default' }).click()
  await page.getByText('tipMostIdr is what it was').waitFor()
  t.equal(await stored(), 1_000_000)
}, { allow: [400] })

browserTest('the audit log is filtered, shown row by row, and its chain verified; a moderator sees their own', async (t, { app, openAs }) => {
  const marked = await staffByRows(app, 'admin')
  await expect(200, marked.call('PUT', '/settings/pushAfterSeconds', { body: { value: 6, reason: 'for the log to show' } }))
  const { page } = await openAs('super_admin', `/audit?actorId=${marked.id}&act=setting.changed`)
  const row = page.getByRole('row').filter({ hasText: 'for the log to show' })
  await row.getByRole('button', { name: /^Show row/ }).click()
  await page.getByRole('dialog').getByText('"to": 6').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page.getByText('The chain is whole').waitFor()

  const own = await openAs('moderator', '/audit')
  await own.page.getByText('What you did yourself').waitFor()
  t.equal(await own.page.getByRole('button', { name: 'Verify the chain' }).count(), 0)
  t.equal(await own.page.getByText('for the log to show').count(), 0)
})

browserTest('a switch is thrown with a reason, every page says so, and it is taken back', async (t, { app, openAs }) => {
  const { page, staff } = await openAs('admin', '/system')
  const row = page.getByRole('listitem', { name: 'Pushes' })
  await row.getByRole('button', { name: 'Close: Pushes' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('a storm of them')
  await dialog.getByRole('button', { name: 'Close: Pushes' }).click()
  await row.getByText('a storm of them').waitFor()
  t.match(await app.query(`select value, updated_by from settings where key = 'pushesClosed'`), [{ value: true, updated_by: staff.id }])
  const viewer = await openAs('viewer', '/sessions', { language: 'id', width: 390, replica: 1 })
  await viewer.page.getByText('Sebagian layanan ditutup').waitFor()
  await viewer.page.getByText('Notifikasi dorong').first().waitFor()
  await viewer.go('/system')
  t.equal(await viewer.page.getByRole('button', { name: /^Buka lagi/ }).count(), 0, 'a viewer takes nothing back')

  await row.getByRole('button', { name: 'Open again: Pushes' }).click()
  await dialog.getByLabel('Reason').fill('it is over')
  await dialog.getByRole('button', { name: 'Open again: Pushes' }).click()
  await page.getByText('Part of the product is closed').waitFor({ state: 'detached' })
  await viewer.page.getByText('Sebagian layanan ditutup').waitFor({ state: 'detached' })
})
