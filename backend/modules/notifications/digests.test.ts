import fc from 'fast-check'
import pg from 'pg'
import t from 'tap'
import { personWithDevices, startBackground, type Background } from '../../testing/background.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { runLetters } from '../channels/index.ts'
import { hashAddress, sealAddress } from '../channels/addresses.ts'
import { digestLetter } from './digest-letter.ts'
import { judgeDigest, nextMorning } from './digest-times.ts'
import { createTemplates, flushFaults, notify, sweepDigests, TEMPLATE_KEYS, type Notice } from './index.ts'
import { refreshTemplates } from './templates.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ZONE = 'Asia/Jakarta'
let count = 0

type Person = { id: string; email: string }
type More = { zone?: string; digest?: string; language?: string }

async function person(app: Background, { zone = ZONE, digest, language = 'id' }: More = {}): Promise<Person> {
  const id = await personWithDevices(app)
  const email = `pagi.${(count += 1)}@surat.example`
  await app.query('update users set language = $2, time_zone = $3 where id = $1', [id, language, zone])
  if (digest !== undefined) await choose(app, id, digest)
  await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) values ($1, $2, $3)', [id, hashAddress(app.ctx.env, email), sealAddress(app.ctx.env, email)])
  return { id, email }
}

const choose = (app: Background, id: string, digest: string) => app.query(
  'insert into preferences (user_id, values) values ($1, $2) on conflict (user_id) do update set values = excluded.values', [id, JSON.stringify({ emailDigest: digest })])
const tell = (app: Background, notices: readonly Notice[]) => transact(app.ctx, (tx) => notify(tx, notices))
const tip = (userId: string): Notice => ({ userId, template: 'tip.received', dedupeKey: `tip:${(count += 1)}`, variables: { amount: 5000 } })
const nowOf = async (app: Background) => (await app.clock.now()).getTime()
const goTo = async (app: Background, ms: number) => app.clock.advance((ms - await nowOf(app)) / 1000)
const mailsTo = (app: Background, { email }: Person) => app.simulators.control.mail.messages(email)
const digestsOf = async (app: Background, { id }: Person) => (await app.query<{ dedupe_key: string }>(`select dedupe_key from letters where user_id = $1 and kind = 'digest' order by dedupe_key`, [id])).map(({ dedupe_key: key }) => key)
const dueOf = async (app: Background, { id }: Person) => {
  const [row] = await app.query<{ due: Date | null }>('select digest_due_at as due from email_addresses where user_id = $1', [id])
  return row!.due?.getTime()
}

/** Days and times as Intl shows them: another source than what is tested. */
const shown = (ms: number, timeZone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(ms)

t.test('the next morning is the first moment at which a clock there shows 08:00, whatever the zone', async (t) => {
  const zones = ['Asia/Jakarta', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Chatham', 'Pacific/Apia', 'Europe/Berlin', 'Africa/Casablanca', 'Antarctica/Troll'] as const
  fc.assert(fc.property(fc.constantFrom(...zones), fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2031, 0, 1) }), (zone, nowMs) => {
    const ms = nextMorning(nowMs, zone)
    if (!shown(ms, zone).endsWith(' 08:00')) throw new Error(`${zone}: ${shown(ms, zone)}`)
    if (ms <= nowMs || ms - nowMs > 26 * HOUR_MS) throw new Error(`${zone}: ${(ms - nowMs) / HOUR_MS} hours later`)
    if (nextMorning(ms, zone) <= ms || nextMorning(ms - 1, zone) !== ms) throw new Error(`${zone}: mornings do not follow one another`)
  }), { numRuns: 400 })
  // Samoa left out 30 December 2011, a whole day.
  t.equal(shown(nextMorning(Date.parse('2011-12-29T20:00:00Z'), 'Pacific/Apia'), 'Pacific/Apia'), '2011-12-31 08:00')
  t.equal(nextMorning(Date.parse('2026-11-22T00:59:59Z'), 'Mars/Olympus_Mons'), Date.parse('2026-11-22T01:00:00Z'), 'an unknown zone counts as Jakarta')
})

t.test('what is due is told of in the morning there, and once a day', async (t) => {
  const at = (text: string) => Date.parse(text)
  const judge = (now: string, more: { zone?: string; digest?: 'none' | 'daily' | 'weekly'; due?: string; day?: string } = {}) => judgeDigest(
    { nowMs: at(now), dueMs: at(more.due ?? now), day: more.day }, { timeZone: more.zone ?? ZONE, emailDigest: more.digest ?? 'daily', erased: false, email: true }).what
  // 2026-11-23 is a Monday.
  t.same(['2026-11-23T01:00:00Z', '2026-11-23T05:00:00Z', '2026-11-23T05:00:01Z', '2026-11-23T00:59:59Z'].map((now) => judge(now)), ['tell', 'tell', 'wait', 'wait'], 'not before, and not by the evening')
  t.same(['2026-11-23T01:00:00Z', '2026-11-24T01:00:00Z'].map((now) => judge(now, { digest: 'weekly' })), ['tell', 'wait'])
  t.equal(judge('2026-11-22T19:30:00Z', { digest: 'weekly', zone: 'Pacific/Auckland' }), 'tell', 'Monday there')
  t.equal(judge('2026-11-23T01:00:00Z', { digest: 'none' }), 'pass')
  t.equal(judge('2026-11-23T01:00:00Z', { due: '2026-11-20T01:00:00Z' }), 'wait', 'due for days: mail was away, and all of them are')
  t.equal(judge('2026-11-23T18:00:00Z', { zone: 'Pacific/Honolulu', day: '2026-11-23' }), 'wait', 'the same day again, beyond the date line')
})

t.test('a digest says what it may, in the person’s language, and counts the rest', async (t) => {
  const item = (title: string, template: string | null = 'tip.received') => ({ title, template, createdAtMs: Date.parse('2026-11-21T00:00:00Z') })
  const nowhere = { pool: new pg.Pool() }
  const letter = (total: number, items: ReturnType<typeof item>[], language = 'en') => digestLetter(nowhere, 'u', '2026-11-23', { total, items }, { language, timeZone: ZONE }).letter
  t.match(letter(23, Array.from({ length: 20 }, (_, index) => item(`Tip ${index}`))), { subject: '23 notices you haven’t read', kind: 'digest', dedupeKey: 'digest:2026-11-23', channel: 'email', text: /\n• Tip 19 \(.*2026.*\)\n\nand 3 more\.\n\n/ })
  const one = letter(1, [item(' Tip\n\nof  <b>Made</b>')])
  t.match(one, { subject: '1 notice you haven’t read', text: '• Tip of <b>Made</b> (' })
  t.notMatch(one.text, 'more.')
  const hidden = letter(4, [item('Kasusmu', 'safety.report_closed'), item('Kabar', 'of.another.version'), item('', 'tip.received'), item('Rahasia', null)], 'id')
  t.match(hidden, { subject: '4 kabar belum kamu baca', text: /^Ada 4 kabar di kotak masukmu/ })
  t.notMatch(hidden.text, /Kasusmu|Kabar|Rahasia|•/)
  t.match(letter(2, [item('Kasusmu', 'safety.crisis_card'), item('Tip')], 'id').text, /^Yang masuk.*\n\n• Tip \(.*\)\n\ndan 1 lagi\.\n\nBuka/s)
  const long = letter(20, Array.from({ length: 20 }, (_, index) => item(`${index} ${'Kabar baik! '.repeat(9)}`)), 'id')
  t.ok(long.text.length > 2500 && long.text.endsWith('membacanya.'), 'nothing of it is cut off')
  for (const key of TEMPLATE_KEYS.filter((one) => one.startsWith('safety.'))) t.notMatch(letter(1, [item('Kasusmu', key)]).text, 'Kasusmu', key)
})

t.test('one morning after another, without workers and sweeps of their own', async (t) => {
  const app = await startBackground(t, { started: false, replicas: 2, letters: true })
  await app.clock.stop()
  const [one, other] = app.replicas.map(({ ctx }) => ctx)
  const sweep = () => sweepDigests(one!, 200)
  const morning = async (zone = ZONE) => nextMorning(await nowOf(app), zone)
  const noon = async () => goTo(app, (await morning()) + 4 * HOUR_MS + 1000)
  t.beforeEach(async () => {
    for (const table of ['letters', 'notifications', 'email_addresses']) await app.query(`delete from ${table}`)
    app.simulators.control.reset()
    await noon()
  })

  t.test('daily: what is unread and was not e-mailed by itself, once; nothing unread, no letter', async (t) => {
    const [siti, budi, nothing] = [await person(app), await person(app, { language: 'en' }), await person(app)]
    await tell(app, [{ ...tip(siti.id), dedupeKey: 'before' }])
    await app.clock.advance(600)
    t.equal(await sweep(), 3, 'planned, from now on')
    t.equal(await dueOf(app, siti), await morning())
    await tell(app, [
      tip(siti.id), tip(budi.id), tip(budi.id), { userId: siti.id, template: 'safety.report_closed', dedupeKey: 'case', data: { caseId: 'c' } },
      { userId: siti.id, template: 'payment.paid', dedupeKey: 'paid', variables: { amount: 25_000, minutes: 30, at: '2026-03-01T05:00:00Z', number: 'INV-1' } },
    ])
    await tell(app, [{ userId: nothing.id, template: 'tip.received', dedupeKey: 'read', variables: { amount: 1 } }])
    await app.query('update notifications set read_at = app_now() where user_id = $1', [nothing.id])
    t.equal(await sweep(), 0, 'not before the morning')
    const firstMs = await morning()
    await goTo(app, firstMs)
    t.equal(await sweep(), 3)
    t.same([await digestsOf(app, siti), await digestsOf(app, budi), await digestsOf(app, nothing)], [[`digest:${shown(firstMs, ZONE).slice(0, 10)}`], [`digest:${shown(firstMs, ZONE).slice(0, 10)}`], []])
    await runLetters(one!, 'email')
    const mine = mailsTo(app, siti).find(({ subject }) => subject === '1 kabar belum kamu baca')
    t.match(mine, { headers: { 'list-unsubscribe': /\/api\/v1\/unsubscribe\// } })
    t.match(mine!.html, /<li[^>]*>Kamu dapat tip \(/)
    t.notMatch(mine!.text, /25\.000|safety|kasus/i, 'neither what was e-mailed nor what is nobody’s business')
    t.match(mailsTo(app, budi), [{ subject: '2 notices you haven’t read' }])
    await goTo(app, await morning())
    t.equal(await sweep(), 3)
    t.equal((await digestsOf(app, siti)).length, 1, 'what was told of is not told again')
    await tell(app, [tip(siti.id)])
    await goTo(app, await morning())
    await sweep()
    t.equal((await digestsOf(app, siti)).length, 2, 'the day after that there is something new')
  })

  t.test('in the words of staff, who can leave out what they like but the list', async (t) => {
    const templates = createTemplates(one!)
    await templates.start()
    t.after(() => templates.stop())
    const [siti, budi, wati] = [await person(app), await person(app), await person(app)]
    const write = async (key: string, version: number, title: string, body: string) => {
      await app.query('update notice_templates set is_current = false where key = $1', [key])
      await app.query(`insert into notice_templates (key, language, version, title, body, reason, changed_by) values ($1, 'id', $2, $3, $4, 'a test', gen_random_uuid())`, [key, version, title, body])
      await refreshTemplates(one!)
    }
    await sweep()
    await write('digest.listed', 1, 'Pagi! {count} kabar: {list}', 'Ini dia: {list}\n\nMasih {more}.')
    await write('digest.counted', 1, 'Pagi!', '{count} kabar.')
    await tell(app, [tip(siti.id), tip(siti.id), tip(budi.id)])
    await app.query(`update notifications set data = '{"template": "of.another.version"}' where user_id = $1`, [budi.id])
    await goTo(app, await morning())
    await sweep()
    const textsOf = async ({ id }: Person) => (await app.query<{ template: string; subject: string; text: string }>('select template, subject, text from letters where user_id = $1 and kind = $2', [id, 'digest']))[0]
    t.match(await textsOf(siti), { template: 'digest.listed', subject: /^Pagi! 2 kabar: • Kamu dapat tip \(.*\) • Kamu dapat tip \(.*\)$/, text: /^Ini dia: • Kamu dapat tip \(.*\)\n• Kamu dapat tip \(.*\)\n\nMasih 0\.$/ })
    t.match(await textsOf(budi), { template: 'digest.counted', subject: 'Pagi!', text: '1 kabar.' })
    await write('digest.listed', 2, 'Pagi!', 'Ada {count}.')
    await tell(app, [tip(wati.id)])
    await goTo(app, await morning())
    await sweep()
    t.match(await textsOf(wati), { subject: '1 kabar belum kamu baca', text: /^Yang masuk ke kotak.*\n\n• Kamu dapat tip/ }, 'a list without its list is not sent')
    await flushFaults(one!)
    t.match(await app.query('select key, version, part, reason, variable from notice_faults'), [{ key: 'digest.listed', version: 2, part: 'body', reason: 'missing_variable', variable: 'list' }])
  })

  t.test('weekly: on Mondays, of the whole week; none: nothing, nor later of that time', async (t) => {
    const [weekly, never] = [await person(app, { digest: 'weekly' }), await person(app, { digest: 'none' })]
    await sweep()
    for (let day = 0; day < 8; day++) {
      if (day < 7) await tell(app, [tip(weekly.id), tip(never.id)])
      await goTo(app, await morning())
      t.equal(await sweep(), 2)
    }
    const keys = await digestsOf(app, weekly)
    t.ok(keys.length >= 1 && keys.length <= 2)
    for (const key of keys) t.equal(new Date(`${key.slice(7)}T00:00:00Z`).getUTCDay(), 1, key)
    await choose(app, never.id, 'daily')
    await goTo(app, await morning())
    await sweep()
    t.same(await digestsOf(app, never), [])
    await tell(app, [tip(never.id)])
    await goTo(app, await morning())
    await sweep()
    t.equal((await digestsOf(app, never)).length, 1)
    await choose(app, weekly.id, 'none')
    await tell(app, [tip(weekly.id)])
    const before = (await digestsOf(app, weekly)).length
    for (let day = 0; day < 7; day++) {
      await goTo(app, await morning())
      await sweep()
    }
    t.equal((await digestsOf(app, weekly)).length, before, 'switched off in between')
  })

  t.test('who moves is told at 08:00 there', async (t) => {
    const [west, east, far] = [await person(app), await person(app), await person(app)]
    await sweep()
    await tell(app, [west, east, far].map(({ id }) => tip(id)))
    for (const [who, zone] of [[west, 'Europe/Berlin'], [east, 'Asia/Jayapura'], [far, 'America/New_York']] as const) await app.query('update users set time_zone = $2 where id = $1', [who.id, zone])
    await goTo(app, await morning())
    await sweep()
    t.same([await digestsOf(app, west), await digestsOf(app, far)], [[], []], 'it is night there')
    t.equal((await digestsOf(app, east)).length, 1, 'ten in the morning is not too late')
    t.same([await dueOf(app, west), await dueOf(app, east), await dueOf(app, far)], [await morning('Europe/Berlin'), await morning('Asia/Jayapura'), await morning('America/New_York')])
    await goTo(app, await morning('Europe/Berlin'))
    await sweep()
    await goTo(app, await morning('America/New_York'))
    await sweep()
    t.same([(await digestsOf(app, west)).length, (await digestsOf(app, far)).length, (await digestsOf(app, east)).length], [1, 1, 1])
  })

  t.test('two replicas at once, in small batches: one each', async (t) => {
    const people = await Promise.all(Array.from({ length: 60 }, () => person(app)))
    await Promise.all([sweep(), sweepDigests(other!, 200)])
    await sweep()
    await tell(app, people.map(({ id }) => tip(id)))
    await goTo(app, await morning())
    let left = true
    while (left) left = (await Promise.all([one!, other!, one!, other!].map((ctx) => sweepDigests(ctx, 7)))).some((found) => found > 0)
    t.same(await app.query(`select count(*)::int, count(distinct user_id)::int as people from letters where kind = 'digest'`), [{ count: 60, people: 60 }])
  })

  t.test('a worker that dies in the middle has done nothing, and another does it', async (t) => {
    const siti = await person(app)
    await sweep()
    await tell(app, [tip(siti.id)])
    const dueMs = await morning()
    await goTo(app, dueMs)
    const blocker = new pg.Client({ connectionString: app.db.ownerUrl })
    await blocker.connect()
    await blocker.query('begin; lock table letters in exclusive mode')
    const dying = sweep()
    dying.catch(() => {})
    await eventually(async () => (await app.query(`select 1 from pg_locks where not granted and relation = 'letters'::regclass and database = (select oid from pg_database where datname = current_database())`)).length > 0, 'it stands between its claim and its commit')
    t.equal(await sweepDigests(other!, 200), 0, 'what somebody holds is passed over')
    await app.db.terminateBackends()
    await t.rejects(dying)
    await blocker.query('rollback')
    await blocker.end()
    t.same([await digestsOf(app, siti), await dueOf(app, siti)], [[], dueMs])
    await eventually(() => sweepDigests(other!, 200).then((found) => found === 1, () => false), 'another does it')
    t.equal((await digestsOf(app, siti)).length, 1)
    t.equal(await sweep(), 0)
  })

  t.test('without a mail server nothing is done; given one later, nobody is told at once of what stood there', async (t) => {
    const siti = await person(app)
    await sweep()
    await tell(app, [tip(siti.id)])
    const off = { ...one!, gateways: { ...one!.gateways, mail: { ...one!.gateways.mail, enabled: false } } }
    const dueMs = await morning()
    await goTo(app, dueMs + 3 * DAY_MS + HOUR_MS)
    t.equal(await sweepDigests(off, 200), 0)
    t.equal(await dueOf(app, siti), dueMs)
    t.equal(await sweep(), 1)
    t.same(await digestsOf(app, siti), [])
    await goTo(app, await morning())
    await sweep()
    t.equal((await digestsOf(app, siti)).length, 1, 'the next morning, of the week that is left')
    await app.query('update email_addresses set undeliverable_at = app_now()')
    await tell(app, [tip(siti.id)])
    await goTo(app, await morning())
    t.equal(await sweep(), 0, 'nobody reads there')
  })

  t.test('a batch is found by its index, however many addresses there are', async (t) => {
    await app.query(`insert into users (id, kind, phone_hash, phone_prefix) select gen_random_uuid(), 'customer', decode(md5(i::text), 'hex'), '+6281234' from generate_series(1, 3000) i`)
    await app.query(`insert into email_addresses (user_id, address_hash, address_encrypted, digest_due_at) select id, '\\x01', '\\x01', app_now() + interval '1 hour' from users`)
    await app.query('analyze email_addresses')
    const plan = await app.query<{ 'QUERY PLAN': string }>(`explain select user_id from email_addresses where undeliverable_at is null and coalesce(digest_due_at, timestamptz '-infinity') <= app_now()
      order by coalesce(digest_due_at, timestamptz '-infinity') limit 200 for update skip locked`)
    t.match(plan.map((line) => line['QUERY PLAN']).join('\n'), 'email_addresses_digest')
  })
})

t.test('the worker does it by itself, with Valkey away', async (t) => {
  const app = await startBackground(t, { replicas: 2, letters: true, housekeeping: false, timed: false })
  await app.clock.stop()
  await goTo(app, nextMorning(await nowOf(app), ZONE) + 4 * HOUR_MS)
  const siti = await person(app)
  await eventually(() => dueOf(app, siti), 'it is planned')
  await tell(app, [tip(siti.id)])
  app.valkey.kill('SIGSTOP')
  await goTo(app, (await dueOf(app, siti))!)
  await eventually(() => mailsTo(app, siti).length > 0, 'the digest arrives')
  t.match(mailsTo(app, siti), [{ subject: '1 kabar belum kamu baca' }])
})
