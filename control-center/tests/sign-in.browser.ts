import { staffAccount } from '../../backend/testing/staff.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

browserTest('staff sign in by the form, find their way and sign out', async (t, { app, open }) => {
  const { email, password } = await staffAccount(app, 'admin')
  const { page } = await open('/account')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill('something else')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').filter({ hasText: 'is wrong' }).waitFor()
  t.equal(await page.getByLabel('E-mail').inputValue(), email, 'what was typed is still there')
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'My account' }).waitFor()
  t.equal(new URL(page.url()).pathname, '/account', 'where they wanted to go')

  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'My account' }).waitFor()
  await page.getByRole('button', { name: /^My account: / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await eventually(async () => (await page.context().cookies()).every(({ name, value }) => name !== 'staff' || value === ''), 'the session is over')
})
