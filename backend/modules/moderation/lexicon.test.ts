import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { expect } from '../../testing/people.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'

t.test('the lexicon in the product', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, maskContacts: true } })
  const moderator = await staffOf(app, 'moderator')
  const check = async (text: string, replica = 0) => (await expect(200, moderator.call('POST', '/internal/v1/lexicon/check', { text }, { url: app.replicas[replica]!.internalUrl }))).body
  const put = (term: object) => moderator.call('PUT', '/internal/v1/lexicon', { kind: 'crisis', language: 'id', active: true, reason: 'a test', ...term })

  await t.test('a moderator adds a term and switches a shipped one off: in force on both replicas, audited', async (t) => {
    t.same((await check('aku mau terbang tinggi')).kinds, [])
    const { body } = await expect(200, put({ term: 'Terbang Tinggi~' }))
    t.match(body.term, { term: 'terbang tinggi~', active: true, shipped: false })
    t.same((await check('mau t3rbang t i n g g i')).kinds, ['crisis'], 'here at once')
    await eventually(async () => (await check('terbang tinggi', 1)).kinds.length === 1, 'and on the other replica')
    await expect(200, put({ term: 'bundir', active: false }))
    t.same((await check('bundir')).kinds, [])
    await expect(200, put({ term: 'bundir', active: true }))
    t.same((await check('bundir')).kinds, ['crisis'])
    const items = (await expect(200, moderator.call('GET', '/internal/v1/lexicon'))).body.items as { term: string; shipped: boolean }[]
    t.match(items.find(({ term }) => term === 'bundir'), { shipped: true, active: true })
    t.equal((await app.query(`select 1 from audit_log where act = 'lexicon.changed'`)).length, 3)
  })

  await t.test('a term that can’t be used is refused with its reason', async (t) => {
    t.match(await put({ term: 'mmaauu' }), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'term' }] } })
    t.match(await put({ term: '{a|b|c|d|e|f}{a|b|c|d|e|f}{a|b|c|d|e|f}{a|b|c|d|e|f}' }), { status: 400 })
    t.match(await put({ term: 'mau {mati' }), { status: 400 })
  })

  await t.test('while contacts are masked, neither a message nor an edit stores one; a repeat answers the first', async (t) => {
    const scene = await stage(app, 'active')
    const { customer } = scene
    const path = `/api/v1/conversations/${(await scene.row()).conversation_id}/messages`
    const body = { clientId: randomUUID(), body: 'wa aku 0812-3456-7890 ya' }
    const sent = await expect(201, customer.call('POST', path, { body }))
    t.equal(sent.body.body, 'wa aku ••• ya')
    const again = await expect(201, customer.on(1).call('POST', path, { body }))
    t.same([again.body.seq, again.body.body], [sent.body.seq, 'wa aku ••• ya'])
    const edit = () => customer.call('PATCH', `${path}/${sent.body.seq}`, { body: { body: 'mail rina@example.com' } })
    t.equal((await expect(200, edit())).body.body, 'mail •••')
    t.equal((await expect(200, edit())).body.change, 1, 'the same edit again changes nothing')
    t.same((await app.query('select body from messages where client_id = $1', [body.clientId])).map((found) => found.body), ['mail •••'])
  })
})
