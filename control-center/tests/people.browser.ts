import { TOTP } from 'otpauth'
import type { TestApp } from '../../backend/testing/app.ts'
import { introduce, signIn } from '../../backend/testing/people.ts'
import { staffAccount } from '../../backend/testing/staff.ts'
import { staffByRows } from '../../backend/testing/staff-rows.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

async function applicant(app: TestApp, name: string) {
  const mitra = await introduce(await signIn(app, { kind: 'mitra' }), name)
  await mitra.call('POST', '/api/v1/mitra/application', { body: { bio: 'A patient ear.', topics: ['work'] } })
  return mitra
}

browserTest('an application is found by name and approved; a colleague who is slower is told, and loses nothing', async (t, { app, openAs }) => {
  const mitra = await applicant(app, 'Wening Paramitha')
  const [first, second] = [await openAs('admin', '/mitras'), await openAs('admin', `/mitras/${mitra.id}`, { replica: 1 })]
  await second.page.getByRole('button', { name: 'Reject' }).click()
  await second.page.getByLabel('Reason').fill('the papers are missing')

  await first.page.getByRole('main').getByLabel('Search').fill('wening par')
  await first.page.getByRole('region', { name: 'Mitras', exact: true }).getByRole('link', { name: 'Wening Paramitha' }).click()
  await first.page.getByText('A patient ear.').waitFor()
  await first.page.getByRole('button', { name: 'Approve' }).click()
  await first.page.getByLabel('Reason').fill('looked at, all there')
  await first.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await first.page.getByText('The mitra is approved.').waitFor()
  t.match(await app.query('select status, status_reason from mitras where user_id = $1', [mitra.id]), [{ status: 'approved', status_reason: 'looked at, all there' }])

  await second.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
  await second.page.getByRole('alert').filter({ hasText: 'Somebody was quicker' }).waitFor()
  t.equal(await second.page.getByLabel('Reason').inputValue(), 'the papers are missing', 'what was typed is still there')

  await first.page.getByRole('button', { name: 'Change capacity' }).click()
  await first.page.getByRole('dialog').getByLabel('Sessions at once').fill('3')
  await first.page.getByRole('dialog').getByRole('button', { name: 'Change capacity' }).click()
  await first.page.getByText('0 / 3').waitFor()
})

browserTest('a customer is found from the header by number, and given credit: a large one waits for a second person', async (t, { app, openAs }) => {
  const customer = await introduce(await signIn(app, { kind: 'customer' }), 'Kartika Sekar')
  const { page } = await openAs('finance', '/account', { width: 390 })
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByLabel('Whom or what').fill(`0${customer.phone.slice(3)}`)
  await page.getByRole('option', { name: /Kartika Sekar/ }).and(page.locator('[data-combobox-selected]')).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Kartika Sekar' }).waitFor()

  const give = async (amount: string) => {
    await page.getByRole('button', { name: 'Give credit' }).click()
    await page.getByLabel('Amount in rupiah').fill(amount)
    await page.getByLabel('Reason').fill('the line broke')
    await page.getByRole('dialog').getByRole('button', { name: 'Give credit' }).click()
  }
  await give('10000')
  await page.getByText('The credit is given.').waitFor()
  await page.getByRole('tab', { name: 'Wallet' }).click()
  await page.getByRole('list', { name: 'Credits by staff' }).getByText('the line broke').waitFor()
  await give('2000000')
  await page.getByText('It waits for a second person').waitFor()
  t.match(await app.query('select amount_idr::int as idr, state from staff_credits where customer_id = $1 order by id', [customer.id]), [{ idr: 10_000, state: 'given' }, { idr: 2_000_000, state: 'asked' }])

  const viewer = await openAs('viewer', `/customers/${customer.id}`)
  await viewer.page.getByRole('heading', { level: 1, name: 'K*** S***' }).waitFor()
  t.equal(await viewer.page.getByRole('button', { name: 'Give credit' }).count(), 0)
  t.strictSame(await viewer.page.getByRole('tab').allInnerTexts(), ['Overview', 'Sessions', 'Notifications'], 'no money, no cases, no data')
})

browserTest('a person is exported and erased, with a reason', async (t, { app, openAs }) => {
  const customer = await introduce(await signIn(app, { kind: 'customer' }), 'Larasati Ayu')
  const { page } = await openAs('admin', `/customers/${customer.id}?tab=privacy`)
  const act = async (name: string) => {
    await page.getByRole('button', { name, exact: true }).click()
    await page.getByLabel('Reason').fill('asked by letter')
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
  }
  const [download] = await Promise.all([page.waitForEvent('download'), act('Export')])
  t.equal(download.suggestedFilename(), `halobestie-${customer.id}.json`)
  await act('Erase')
  await eventually(async () => (await app.query('select erased_at from users where id = $1 and erased_at is not null', [customer.id])).length === 1, 'the person is erased')
  await page.getByRole('main').getByText('Erased', { exact: true }).first().waitFor()
})

browserTest('a super admin opens an account, changes it and ends its sessions', async (t, { app, openAs }) => {
  const { page } = await openAs('super_admin', '/staff')
  const email = `rani-${Date.now()}@staff.example`
  await page.getByRole('button', { name: 'Open an account' }).click()
  await page.getByLabel('Name').fill('Rani Wijaya')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('dialog').getByRole('button', { name: 'Open an account' }).click()
  await page.getByRole('dialog', { name: 'The temporary password' }).getByRole('button', { name: 'I have handed it over' }).click()
  await page.getByRole('row', { name: new RegExp(email) }).getByRole('link', { name: 'Rani Wijaya' }).click()
  await page.getByRole('button', { name: 'Change role' }).click()
  await page.getByRole('combobox', { name: 'Role' }).selectOption('finance')
  await page.getByLabel('Reason').fill('a new task')
  await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click()
  await eventually(async () => (await app.query(`select 1 from staff where email = $1 and role = 'finance'`, [email])).length === 1, 'the role is changed')

  const other = await staffByRows(app, 'viewer')
  await page.goto(`/staff/${other.id}`)
  await page.getByRole('button', { name: 'End all' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End all' }).click()
  await page.getByText('Nowhere').waitFor()
  t.equal((await other.call('GET', '/auth/me')).status, 401)
})

browserTest('one sets up an authenticator from the picture’s key, gets new backup codes, and ends a session one doesn’t know', async (t, { app, openAs, open }) => {
  const { page, staff } = await openAs('viewer', '/account', { width: 390, theme: 'dark' })
  await page.getByRole('button', { name: 'Show the key' }).click()
  await page.getByRole('img', { name: /The key as a picture/ }).waitFor()
  const key = (await page.getByText(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/).innerText()).replaceAll(' ', '')
  const code = async () => new TOTP({ secret: key }).generate({ timestamp: (await app.clock.now()).getTime() })
  await page.getByLabel('The 6 digits it shows now').fill(await code())
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Your 10 backup codes' }).waitFor()
  t.equal(await page.locator('code').filter({ hasText: /^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/ }).count(), 10)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByRole('button', { name: 'Make new codes' }).waitFor()
  await app.query('update staff set totp_last_step = totp_last_step - 2 where id = $1', [staff.id]) // as if a minute had gone by
  await page.getByLabel('6 digits').fill(await code())
  await page.getByRole('button', { name: 'Make new codes' }).click()
  await page.getByRole('button', { name: 'I have kept them' }).click()
  t.match(await app.query('select count(*)::int as codes from staff_backup_codes where staff_id = $1', [staff.id]), [{ codes: 10 }])

  const account = await staffAccount(app, 'admin')
  const own = await open('/account')
  // Twice, as if another window had signed in too.
  for (let window = 0; window < 2; window++) t.equal((await own.page.request.post('/internal/v1/auth/login', { data: account })).status(), 200)
  await own.page.reload()
  await own.page.getByRole('row').filter({ hasNotText: 'this one' }).getByRole('button', { name: 'End', exact: true }).click()
  await own.page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
  await own.page.getByText('The session has ended.').waitFor()
  await own.page.getByRole('row').filter({ hasNotText: 'this one' }).getByRole('button', { name: 'End', exact: true }).waitFor({ state: 'detached' })
})
