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

  await t.test('who cares for the lexicon sees which terms are found, with one that is not in it yet too, and who changed what', async (t) => {
    const ask = async (body: object) => (await expect(200, moderator.call('POST', '/internal/v1/lexicon/check', body))).body
    t.match(await ask({ text: 'aku mau bundir' }), { kinds: ['crisis'], matches: [{ kind: 'crisis', term: 'bundir' }] })
    t.match(await ask({ text: 'ke bulan lagi' }), { kinds: [], matches: [] })
    t.match(await ask({ text: 'ke b u l a n lagi', term: { kind: 'crisis', term: 'ke bulan' } }), { kinds: ['crisis'], matches: [{ kind: 'crisis', term: 'ke bulan' }] })
    t.same((await ask({ text: 'bundir', term: { kind: 'except', term: 'bundir' } })).kinds, [], 'an exception covers it')
    t.same((await ask({ text: 'ke bulan' })).kinds, [], 'nothing was stored')
    t.match(await moderator.call('POST', '/internal/v1/lexicon/check', { text: 'x', term: { kind: 'crisis', term: 'mmaauu' } }), { status: 400, body: { errors: [{ path: 'term.term' }] } })
    const history = (await expect(200, moderator.call('GET', '/internal/v1/lexicon/history?kind=crisis&term=bundir'))).body
    t.match(history, { items: [{ active: true, reason: 'a test', changedBy: moderator.id }, { active: false }], names: { [moderator.id]: { kind: 'staff' } }, nextCursor: null })
    t.equal(history.items.length, 2)
    t.match((await expect(200, moderator.call('GET', '/internal/v1/lexicon'))).body, { names: { [moderator.id]: { name: 'Test moderator' } } })
  })

  await t.test('many terms come in line by line: all of the new ones, or none while one is refused', async (t) => {
    const send = async (lines: string[], more: object = {}) => (await expect(200, moderator.call('POST', '/internal/v1/lexicon/import', { kind: 'crisis', language: 'id', reason: 'a list', lines, ...more }))).body
    const lines = ['Pergi Selamanya', '', 'bundir', 'pergi selamanya', '{a|b', 'mmaauu', 'tidur abadi~']
    const looked = await send(lines)
    t.same(looked.items.map(({ line, verdict }: { line: number; verdict: string }) => [line, verdict]), [[1, 'new'], [3, 'known'], [4, 'known'], [5, 'refused'], [6, 'refused'], [7, 'new']])
    t.equal(looked.stored, 0)
    t.same((await check('pergi selamanya')).kinds, [])
    const good = lines.filter((_, index) => ![4, 5].includes(index))
    t.equal((await send(good, { dryRun: true })).stored, 0)
    t.equal((await send(good)).stored, 2)
    t.same((await check('tidur abadi')).kinds, ['crisis'])
    t.equal((await send(good)).stored, 0, 'again: all are known')
    t.match(await app.query(`select reason, details from audit_log where act = 'lexicon.imported'`), [{ reason: 'a list', details: { terms: 2 } }])
    t.equal((await expect(200, moderator.call('GET', '/internal/v1/lexicon/history?limit=2'))).body.items.length, 2)
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
