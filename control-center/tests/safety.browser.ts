import { randomUUID } from 'node:crypto'
import type { TestApp } from '../../backend/testing/app.ts'
import { expect, newPhone } from '../../backend/testing/people.ts'
import { requestCode, signIn } from '../../backend/testing/sign-in.ts'
import { call } from '../../backend/testing/http.ts'
import { stage } from '../../backend/testing/stage.ts'
import { staffByRows } from '../../backend/testing/staff-rows.ts'
import { eventually } from '../../backend/testing/wait.ts'
import { browserTest } from './house.ts'

/** Somebody in danger, in a session of their own; answers the case. */
async function crisis(app: TestApp): Promise<{ id: string; customerId: string }> {
  const scene = await stage(app, 'active', { named: true, minutes: 60 })
  const { conversation_id: conversationId } = await scene.row()
  await expect(201, scene.customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'aku mau bunuh diri' } }))
  const found = await eventually(async () => (await app.query<{ id: string }>(`select id from safety_cases where session_id = $1`, [scene.sessionId]))[0], 'a case is open')
  return { id: found.id, customerId: scene.customer.id }
}

const caseOf = async (app: TestApp, id: string) => (await app.query<{ state: string; taken_by: string | null; outcome: string | null }>('select state, taken_by, outcome from safety_cases where id = $1', [id]))[0]!

browserTest('a crisis is taken with one press, and is gone from a colleague’s window', async (t, { app, openAs }) => {
  const { id } = await crisis(app)
  const [mine, theirs] = await Promise.all([openAs('moderator', '/alerts'), openAs('admin', '/alerts', { width: 390, replica: 1 })])
  const cardIn = (page: typeof mine.page) => page.getByRole('listitem').filter({ has: page.locator(`a[href="/cases/${id}"]`) })
  await cardIn(theirs.page).waitFor()
  await cardIn(mine.page).getByRole('timer').waitFor()
  await cardIn(mine.page).getByRole('button', { name: 'Take it' }).click()
  await mine.page.getByText('The case is yours').waitFor()
  await cardIn(theirs.page).waitFor({ state: 'detached' })
  t.match(await caseOf(app, id), { state: 'taken', taken_by: mine.staff.id })
})

browserTest('a case is read for a reason, noted on, handed over and closed', async (t, { app, openAs }) => {
  const { id } = await crisis(app)
  const colleague = await staffByRows(app, 'admin')
  await app.query(`update staff set display_name = 'Kolega Sabar' where id = $1`, [colleague.id])
  const { page } = await openAs('moderator', `/cases/${id}`)
  t.equal(await page.getByText('aku mau bunuh diri').count(), 0, 'no text before a reason')
  await page.getByLabel('Reason').fill('to see how urgent it is')
  await page.getByRole('button', { name: 'Show the messages' }).click()
  await page.getByText('aku mau bunuh diri').waitFor()
  t.match(await app.query(`select reason from audit_log where act = 'case.evidence_opened' and target_id = $1`, [id]), [{ reason: 'to see how urgent it is' }])

  await page.getByRole('button', { name: 'Add a note' }).click()
  await page.getByRole('dialog').getByLabel('Note').fill('I called the hotline with them.')
  await page.getByRole('dialog').getByRole('button', { name: 'Add a note' }).click()
  await page.getByText('I called the hotline with them.').waitFor()

  await page.getByRole('button', { name: 'Hand over' }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: 'To whom' }).fill('Kolega Sabar')
  await page.getByRole('option', { name: /Kolega Sabar/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click()
  await page.getByText('It is handed over').waitFor()
  t.match(await caseOf(app, id), { state: 'taken', taken_by: colleague.id })

  await page.getByRole('button', { name: 'Close the case' }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: 'Outcome' }).click()
  await page.getByRole('option', { name: 'Helped' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('they are with their sister')
  await page.getByRole('dialog').getByRole('button', { name: 'Close the case' }).click()
  await page.getByText('The case is closed').waitFor()
  t.match(await caseOf(app, id), { state: 'closed', outcome: 'helped' })
  await page.getByText('they are with their sister').waitFor()
  await page.getByRole('button', { name: 'Hand over', disabled: true }).waitFor()
  t.pass('nothing more is done with it')
})

browserTest('over a colleague’s change nothing is lost of what was typed', async (t, { app, openAs }) => {
  const { id } = await crisis(app)
  const other = await staffByRows(app, 'admin')
  const { page } = await openAs('moderator', `/cases/${id}`)
  await page.getByRole('button', { name: 'Close the case' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('a false alarm, it was a song')
  await expect(200, other.call('POST', `/cases/${id}/close`, { body: { outcome: 'helped', reason: 'called them' } }))
  await page.getByRole('dialog').locator('button[type=submit]').click()
  await page.getByRole('dialog').getByText(/Somebody was quicker/).waitFor()
  t.equal(await page.getByRole('dialog').getByLabel('Reason').inputValue(), 'a false alarm, it was a song')
  t.match(await caseOf(app, id), { state: 'closed', outcome: 'helped' })
  await page.keyboard.press('Escape')
  await page.getByText('called them').waitFor()
})

browserTest('somebody is suspended, appeals, and is let in again by another person than the one who did it', async (t, { app, openAs }) => {
  const phone = newPhone()
  const person = await signIn(app, { phone })
  const { page } = await openAs('moderator', '/sanctions')
  await page.getByRole('button', { name: 'Give a sanction' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Id of the account').fill(person.id)
  await dialog.getByRole('combobox', { name: 'Kind' }).click()
  await page.getByRole('option', { name: 'Suspension' }).click()
  await dialog.getByRole('combobox', { name: 'For how long' }).click()
  await page.getByRole('option', { name: '30 days' }).click()
  await dialog.getByLabel('Reason').fill('insults')
  await dialog.getByRole('button', { name: 'Give a sanction' }).click()
  await page.getByText('It stands', { exact: true }).waitFor()
  const standing = () => app.query<{ id: string; lifted_at: Date | null }>('select id, lifted_at from sanctions where user_id = $1', [person.id])
  t.equal((await standing()).length, 1)

  const asked = await requestCode(app.url, phone)
  await expect(201, call(app.url, 'POST', '/api/v1/appeals', { body: { challengeId: asked.body.challengeId, code: '000000', text: `It was my brother ${person.id}.` } }))
  const judge = await openAs('admin', '/appeals?state=open')
  const row = judge.page.getByRole('row').filter({ hasText: person.id })
  await row.getByRole('button', { name: 'Decide' }).click()
  await judge.page.getByRole('dialog').getByText('Lift it', { exact: true }).click()
  await judge.page.getByRole('dialog').getByLabel('Reason').fill('he proved it')
  await judge.page.getByRole('dialog').getByRole('button', { name: 'Decide' }).click()
  await judge.page.getByText('It is decided').waitFor()
  t.ok((await standing())[0]!.lifted_at, 'lifted')
})

browserTest('a comment is hidden for a reason, and shown again', async (t, { app, openAs }) => {
  const scene = await stage(app, 'ended', { named: true })
  await expect(201, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/rating`, { body: { score: 1, comment: 'Rude words about somebody' } }))
  const { page } = await openAs('moderator', `/ratings?mitraId=${scene.mitra.id}`)
  const hide = async (name: string) => {
    await page.getByRole('button', { name, exact: true }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('it names a person')
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
  }
  await hide('Hide')
  await page.getByText('Hidden: it names a person').waitFor()
  t.match(await app.query('select hidden_reason from ratings where session_id = $1', [scene.sessionId]), [{ hidden_reason: 'it names a person' }])
  await hide('Show again')
  await page.getByText('The comment is shown').waitFor()
  t.match(await app.query('select hidden_at from ratings where session_id = $1', [scene.sessionId]), [{ hidden_at: null }])
})

browserTest('a term is tried, added and switched off; many are looked through before they are stored', async (t, { app, openAs }) => {
  const { page } = await openAs('moderator', '/lexicon')
  const box = page.getByRole('region', { name: 'Try a text' })
  await box.getByLabel(/^Text/).fill('kita ke b u l a n biru saja')
  await box.getByLabel('With this term too (optional)').fill('bulan biru')
  await box.getByRole('button', { name: 'Check' }).click()
  await box.getByText('Found: bulan biru (Crisis)').waitFor()
  t.same(await app.query(`select 1 from lexicon_terms where term = 'bulan biru'`), [], 'nothing was stored')

  await page.getByRole('button', { name: 'Add a term' }).click()
  await page.getByRole('dialog').getByLabel(/^Term/).fill('bulan biru')
  await page.getByRole('dialog').getByLabel('Reason').fill('seen in a case')
  await page.getByRole('dialog').getByRole('button', { name: 'Add a term' }).click()
  await page.getByText('The term is in force').waitFor()
  await page.getByLabel('Search in the terms').fill('bulan biru')
  const row = page.getByRole('row').filter({ hasText: 'bulan biru' })
  await row.getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('a song after all')
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
  await row.getByRole('button', { name: 'Switch on' }).waitFor()
  await row.getByRole('button', { name: 'History' }).click()
  await page.getByRole('dialog').getByText('seen in a case').waitFor()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Add many' }).click()
  await page.getByRole('dialog').getByLabel(/^Terms/).fill('bintang padam\n{a|b')
  await page.getByRole('dialog').getByRole('button', { name: 'Look through' }).click()
  await page.getByRole('dialog').getByText('refused', { exact: true }).waitFor()
  await page.getByRole('dialog').getByLabel(/^Terms/).fill('bintang padam')
  await page.getByRole('dialog').getByLabel('Reason').fill('from a list')
  await page.getByRole('dialog').getByRole('button', { name: 'Add many' }).click()
  await page.getByText('Stored: 1 term').waitFor()
  t.match(await app.query(`select active from lexicon_terms where term in ('bulan biru', 'bintang padam') order by term`), [{ active: true }, { active: false }])
})
