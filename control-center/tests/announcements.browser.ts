import { crowd } from '../../backend/testing/crowd.ts'
import { expect } from '../../backend/testing/people.ts'
import { staffByRows } from '../../backend/testing/staff-rows.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

browserTest('an announcement is written, counted, started, and its progress seen', async (t, { app, openAs }) => {
  const people = await crowd(app, { kind: 'customer', count: 3 })
  const { page } = await openAs('admin', '/announcements')
  await page.getByRole('button', { name: 'New announcement' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title in Indonesian').fill('Kabar dari browser')
  await dialog.getByLabel('Text in Indonesian').fill('Ada kabar baru.')
  await dialog.getByLabel('Title in English').fill('News from a browser')
  await dialog.getByLabel('Text in English').fill('There is news.')
  await dialog.getByRole('figure', { name: 'English' }).getByText('News from a browser').waitFor()
  await dialog.getByLabel('Only these ids').fill(people.map((one) => one.id).join('\n'))
  await dialog.getByRole('button', { name: 'New announcement' }).click()

  await page.getByRole('heading', { name: 'News from a browser', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Count', exact: true }).click()
  await page.getByRole('region', { name: 'How many it would tell' }).getByText('In Indonesian').waitFor()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByRole('dialog').getByText('3 people were counted').waitFor()
  await page.getByRole('dialog').getByLabel('Reason').fill('a test of the page')
  await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText('It is started').waitFor()
  await page.getByRole('progressbar', { name: '3 of 3 told' }).waitFor()
  const told = async () => app.query(`select title from notifications where user_id = any($1) and kind = 'system_announcement'`, [people.map((one) => one.id)])
  await eventually(async () => (await told()).length === 3, 'all three have it')
  t.match(await told(), [{ title: 'Kabar dari browser' }, { title: 'Kabar dari browser' }, { title: 'Kabar dari browser' }])
})

browserTest('an announcement that goes slowly is paused, goes on, and is cancelled', async (t, { app, openAs }) => {
  const people = await crowd(app, { kind: 'customer', count: 3 })
  const { page } = await openAs('admin', '/announcements?state=draft')
  const id = await page.evaluate(async (userIds) => {
    const { csrfToken } = await (await fetch('/internal/v1/auth/me')).json() as { csrfToken: string } // the contract of the route
    const text = { title: 'Slowly', body: 'One after the other.' }
    const answer = await fetch('/internal/v1/announcements', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken }, body: JSON.stringify({ texts: { id: text, en: text }, segment: { userIds }, channels: ['inbox'], schedule: { when: 'at', at: '2099-01-01T00:00:00Z' } }) })
    return ((await answer.json()) as { announcement: { id: string } }).announcement.id // as above
  }, people.map((one) => one.id))
  const state = async () => (await app.query<{ state: string }>('select state from announcements where id = $1', [id]))[0]?.state
  await page.getByRole('link', { name: 'Slowly' }).first().click()
  for (const [button, done, then] of [['Start', 'It is started', 'scheduled'], ['Pause', 'It is paused', 'paused'], ['Go on', 'It goes on', 'scheduled'], ['Cancel it', 'It is cancelled', 'cancelled']] as const) {
    await page.getByRole('button', { name: button, exact: true }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('a test of the page')
    await page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click()
    await page.getByText(done, { exact: true }).first().waitFor()
    t.equal(await state(), then)
  }
})

browserTest('over a colleague’s words nobody writes unseen, and nothing that was not seen is started', async (t, { app, openAs }) => {
  const [person] = await crowd(app, { kind: 'customer', count: 1 })
  const colleague = await staffByRows(app, 'admin')
  const texts = (title: string) => ({ id: { title, body: 'Isi.' }, en: { title, body: 'Body.' } })
  const { announcement } = await expect(201, colleague.call('POST', '/announcements', { body: { texts: texts('Mine'), segment: { userIds: [person!.id] }, channels: ['inbox'], schedule: { when: 'at', at: '2099-01-01T00:00:00Z' } } })).then(({ body }) => body)
  const path = `/announcements/${announcement.id}`
  const rewrite = (title: string, version: number) => expect(200, colleague.call('PATCH', path, { body: { texts: texts(title), version } }))
  const { page } = await openAs('admin', path)
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await dialog.getByLabel('Title in English').fill('Typed')
  await rewrite('Theirs', 1)
  await dialog.getByRole('alert').getByText('Somebody has changed it meanwhile').waitFor()
  await dialog.getByRole('button', { name: 'Take theirs' }).click()
  t.equal(await dialog.getByLabel('Title in English').inputValue(), 'Theirs')
  await dialog.getByLabel('Title in English').fill('Typed again')
  await rewrite('Theirs once more', 2)
  await dialog.getByRole('button', { name: 'Keep mine over theirs' }).click()
  await dialog.getByRole('button', { name: 'Change', exact: true }).click()
  await page.getByRole('heading', { name: 'Typed again', level: 1 }).waitFor()

  await page.getByRole('button', { name: 'Count', exact: true }).click()
  const size = page.getByRole('region', { name: 'How many it would tell' })
  await size.getByText('In Indonesian').waitFor()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await dialog.getByText('1 people were counted').waitFor()
  await dialog.getByLabel('Reason').fill('a test of the page')
  await rewrite('Another', 4)
  await dialog.getByText('Look at what stands there now').waitFor()
  t.equal(await size.getByText('In Indonesian').count(), 0, 'the count was of what is there no more')
  await dialog.getByRole('button', { name: 'I have looked at it' }).click()
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText('It is started').waitFor()
})
