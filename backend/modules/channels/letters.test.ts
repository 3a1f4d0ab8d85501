import t from 'tap'
import { personWithDevices, startBackground, type Background } from '../../testing/background.ts'
import type { FaultsInput } from '../../testing/simulators/index.ts'
import { freePort } from '../../testing/servers/processes.ts'
import { eventually, PATIENCE_MS } from '../../testing/wait.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { sql } from '../../platform/drizzle.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { createSettings } from '../../platform/settings.ts'
import { chooseDigest } from '../identity/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { claimLetters } from './claim-letters.ts'
import { hashAddress, sealAddress } from './addresses.ts'
import { changeNotificationPreferences } from './preferences.ts'
import { areLettersDue, createMailGateway, createSmsGateway, LETTER_CHANNELS, queueLetters, runLetters, sweepLetters, type NewLetter } from './index.ts'

/** Only where nothing is to be answered: anywhere else a machine that stands still for longer would look like silence. */
const SILENT_MS = 1000
let count = 0

type Person = { id: string; email: string; phone: string }

async function person(app: Background, more: { language?: string; hasEmail?: boolean } = {}): Promise<Person> {
  const id = await personWithDevices(app)
  const [email, phone] = [`Siti.${(count += 1)}@surat.example`, `+62812000${String(count).padStart(5, '0')}`]
  await app.query('update users set language = $2, phone_encrypted = $3 where id = $1', [id, more.language ?? 'id', sealPhone(app, phone)])
  if (more.hasEmail !== false) await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) values ($1, $2, $3)', [id, hashAddress(app.ctx.env, email), sealAddress(app.ctx.env, email)])
  return { id, email, phone }
}

function sealPhone(app: Background, phone: string): Buffer {
  return secretsOf(app.ctx.env).encryption.encrypt(phone, 'phone')
}

async function give(app: Background, userId: string, more: Partial<NewLetter> = {}, replica = 0): Promise<void> {
  const channel = more.channel ?? 'email'
  const kind = more.kind ?? (channel === 'email' ? 'refund' : 'payout')
  // No SMS goes to who did not choose it.
  if (channel === 'sms') await choose(app, userId, { [`${kind}.sms`]: true })
  return transact(app.replicas[replica]!.ctx, (tx) => queueLetters(tx, [{
    userId, channel, kind, template: 'refund.sent', dedupeKey: `key-${(count += 1)}`, ...(channel === 'email' ? { subject: 'Uang Anda kembali' } : {}),
    text: 'Rp 25.000 sudah dikirim.\n\n• satu <b>\n• dua', ttlSeconds: 86_400, priority: 2, ...more,
  }]))
}

function choose(app: Background, userId: string, choices: Record<string, boolean>): Promise<unknown> {
  return app.query('insert into notification_preferences as n (user_id, choices) values ($1, $2) on conflict (user_id) do update set choices = n.choices || excluded.choices', [userId, choices])
}

async function run(ctx: Ctx): Promise<number> {
  const counts = await Promise.all(LETTER_CHANNELS.map((channel) => runLetters(ctx, channel)))
  return counts.reduce((sum, one) => sum + one, 0)
}

type Row = { id: string; state: string; reason: string | null; attempts: number; tries: number; due_in: number; text: string }
const rows = (app: Background) => app.query<Row>('select id, state, reason, attempts, tries, extract(epoch from due_at - app_now())::float8 as due_in, text from letters order by id')
const settled = (app: Background) => eventually(async () => {
  const found = await rows(app)
  return found.length > 0 && found.every(({ state }) => state !== 'queued') ? found : undefined
}, 'every letter is settled')

t.test('a letter arrives at the proven address over TLS, in both forms, once', async (t) => {
  const app = await startBackground(t, { replicas: 2, letters: true })
  const [siti, budi] = await Promise.all([person(app), person(app, { language: 'en' })])
  await give(app, siti.id, { dedupeKey: 'refund:1' })
  await give(app, siti.id, { dedupeKey: 'refund:1' }, 1)
  await give(app, budi.id, { kind: 'security_alert', subject: 'A new sign-in' })
  const letters = await settled(app)
  t.match(letters, [{ state: 'sent', tries: 1, text: '' }, { state: 'sent', tries: 1, text: '' }])
  t.equal(letters.length, 2, 'once a person, key and channel')
  const { mail } = app.simulators.control
  const [mine, ...more] = mail.messages(siti.email)
  t.same(more, [])
  t.match(mine, { subject: 'Uang Anda kembali', isTls: true, from: 'no-reply@halobestie.example', messageId: `<${letters[0]!.id}@halobestie.example>` })
  t.match(mine!.text, /Rp 25\.000 sudah dikirim\.\n\n• satu <b>\n• dua\n\n-- \nKamu menerima email ini/)
  t.match(mine!.html, /<li[^>]*>satu &#60;b&#62;<\/li>/, 'escaped')
  t.notMatch(mine!.html, /src=|url\(|<script|<link/, 'it loads nothing')
  t.match(mine!.html, 'prefers-color-scheme: dark')
  t.match(mine!.headers, { 'auto-submitted': 'auto-generated', 'list-unsubscribe-post': 'List-Unsubscribe=One-Click' })
  t.match(mine!.headers['list-unsubscribe'], /^<http:\/\/127\.0\.0\.1:3000\/api\/v1\/unsubscribe\/[\w-]+>$/)
  const [yours] = mail.messages(budi.email)
  t.match(yours!.text, 'You receive this e-mail because')
  t.equal(yours!.headers['list-unsubscribe'], undefined, 'what nobody may choose off has no link')
})

t.test('what people are told comes by e-mail and SMS too, as they chose', async (t) => {
  const app = await startBackground(t, { letters: true })
  const [siti, budi, nobody] = await Promise.all([person(app), person(app, { language: 'en' }), person(app, { hasEmail: false })])
  await app.query(`insert into notification_preferences (user_id, choices) values ($1, '{"security_alert.sms": true}'), ($2, '{"payment.email": false}')`, [siti.id, budi.id])
  const people = [siti, budi, nobody]
  const tell = () => transact(app.ctx, (tx) => notify(tx, people.flatMap(({ id }): Notice[] => [
    { userId: id, template: 'payment.paid', dedupeKey: 'paid:1', variables: { amount: 25_000, minutes: 30, at: '2026-03-01T05:00:00Z', number: 'INV-1' } },
    { userId: id, template: 'security.new_sign_in', dedupeKey: 'signed-in:1', variables: { at: '2026-03-01T05:00:00Z' } },
  ])))
  await Promise.all([tell(), tell()])
  await settled(app)
  const { mail, sms } = app.simulators.control
  t.same(mail.messages(siti.email).map(({ text }) => /25\.000/.test(text)).toSorted((a, b) => Number(a) - Number(b)), [false, true], 'the receipt and the alert, once each')
  t.equal(mail.messages(budi.email).length, 1, 'no receipt for who wants none; alerts are always sent')
  t.same([sms.messages(siti.phone).length, sms.messages(budi.phone).length], [1, 0], 'an SMS for who chose it')
  t.equal((await rows(app)).length, 4, 'and no letter for who has no address')
})

t.test('60 letters, drained by two replicas’ jobs and sweeps and by hand at once, are each sent once', async (t) => {
  const app = await startBackground(t, { replicas: 2, letters: true, settings: { sweepMs: 20 } })
  const people = await Promise.all(Array.from({ length: 12 }, () => person(app)))
  await Promise.all(Array.from({ length: 60 }, (_, index) => give(app, people[index % 12]!.id, {}, index % 2)))
  await Promise.all(app.replicas.flatMap(({ ctx }) => [run(ctx), sweepLetters(ctx, 'email'), run(ctx)]))
  t.ok((await settled(app)).every(({ state }) => state === 'sent'))
  const ids = app.simulators.control.mail.messages().map(({ messageId }) => messageId)
  t.same([ids.length, new Set(ids).size], [60, 60])
})

t.test('what grows too old while staff have its channel closed is dropped and counted at once, and not by the housekeeping', async (t) => {
  const app = await startBackground(t, { letters: true, housekeeping: false, timed: false, settings: { emailsClosed: true } })
  const siti = await person(app)
  await give(app, siti.id, { ttlSeconds: 900 })
  await app.clock.advance(901)
  t.match(await settled(app), [{ state: 'dropped', reason: 'expired', text: '', tries: 0 }])
  // The row is seen before whoever wrote it has its answer.
  await eventually(async () => /letters_total\{channel="email",result="expired"\} 1/.test(await app.ctx.metrics.registry.metrics()), 'and counted')
})

t.test('with Valkey away letters are sent all the same', async (t) => {
  const app = await startBackground(t, { letters: true })
  const siti = await person(app)
  app.valkey.kill('SIGSTOP')
  await give(app, siti.id)
  t.match(await settled(app), [{ state: 'sent' }])
  t.equal(app.simulators.control.mail.messages(siti.email).length, 1)
})

const MAIL: { name: string; faults: FaultsInput; state: string; reason: string; arrives?: number; isDead?: true; leastSeconds?: number; tries?: number }[] = [
  { name: 'greylisting', faults: { mail: { fault: 'greylist' } }, state: 'queued', reason: 'smtp-451', leastSeconds: 299 },
  { name: 'a server that closes', faults: { mail: { fault: 'closing' } }, state: 'queued', reason: 'smtp-421', tries: 0 },
  { name: 'nobody there', faults: { mail: { fault: 'unknown' } }, state: 'failed', reason: 'smtp-550-5.1.1', isDead: true },
  { name: 'a full mailbox', faults: { mail: { fault: 'full' } }, state: 'failed', reason: 'smtp-552-5.2.2' },
  { name: 'policy', faults: { mail: { fault: 'policy' } }, state: 'failed', reason: 'smtp-550-5.7.1' },
  { name: 'a text that is refused', faults: { mail: { fault: 'data-refused' } }, state: 'failed', reason: 'smtp-554-5.6.0' },
  { name: 'a wrong password', faults: { mail: { fault: 'auth' } }, state: 'queued', reason: 'smtp-auth', tries: 0 },
  { name: 'something that is no mail server', faults: { mail: { fault: 'garbage' } }, state: 'queued', reason: 'smtp-eprotocol', tries: 0 },
  { name: 'a connection that is cut', faults: { mail: { fault: 'reset' } }, state: 'queued', reason: 'smtp-', tries: 0 },
  { name: 'cut in the middle of the text', faults: { mail: { fault: 'cut' } }, state: 'queued', reason: 'smtp-' },
  { name: 'kept, and the answer lost', faults: { mail: { fault: 'cut-after' } }, state: 'queued', reason: 'smtp-', arrives: 1 },
  { name: 'a server that says nothing', faults: { mail: { fault: 'mute' } }, state: 'queued', reason: 'smtp-etimedout', tries: 0 },
  { name: 'a server that stops answering', faults: { mail: { fault: 'hang' } }, state: 'queued', reason: 'smtp-etimedout', tries: 0 },
]

const SMS: { name: string; faults: FaultsInput; state: string; reason: string | null; leastSeconds?: number; arrives?: number; tries?: number }[] = [
  { name: 'accepted', faults: {}, state: 'sent', reason: null, arrives: 1 },
  { name: '500', faults: { sms: { api: { error: 500 } } }, state: 'queued', reason: 'sms-500' },
  { name: '429', faults: { sms: { api: { error: 429, retryAfterSeconds: 120 } } }, state: 'queued', reason: 'sms-429', leastSeconds: 119, tries: 0 },
  { name: 'a proxy', faults: { sms: { api: { error: 'html502' } } }, state: 'queued', reason: 'sms-502', tries: 0 },
  { name: 'garbage', faults: { sms: { api: { error: 'garbage' } } }, state: 'queued', reason: 'sms-unreadable', arrives: 1 },
  { name: 'cut', faults: { sms: { api: { error: 'reset' } } }, state: 'queued', reason: 'sms-unreachable' },
  { name: 'hangs', faults: { sms: { api: { error: 'hang' } } }, state: 'queued', reason: 'sms-timeout' },
]

t.test('one step at a time, without workers and sweeps of their own', async (t) => {
  const app = await startBackground(t, { started: false, replicas: 2, letters: true })
  await app.clock.stop()
  const { control } = app.simulators
  const mailGateway = (silentMs = PATIENCE_MS) => createMailGateway(app.ctx.env, app.ctx.log, app.ctx.metrics, { silentMs, answerMs: silentMs, deadlineMs: 2 * PATIENCE_MS })
  const smsGateway = (answerWithinMs = PATIENCE_MS) => createSmsGateway(app.ctx.env, app.ctx.log, app.ctx.metrics, { answerWithinMs })
  const gateways = { ...app.ctx.gateways, mail: mailGateway(), sms: smsGateway() }
  const ctx = { ...app.ctx, gateways }
  t.teardown(() => gateways.mail.close())
  t.beforeEach(async () => {
    await app.query('delete from letters')
    control.reset()
  })

  t.test('each answer of a mail server comes to its action', async (t) => {
    for (const { name, faults, state, reason, arrives = 0, isDead, leastSeconds = 9, tries = 1 } of MAIL) {
      await app.query('delete from letters')
      control.reset()
      control.setFaults(faults)
      const siti = await person(app)
      await give(app, siti.id)
      // A connection of its own: what goes wrong with one that is open already is another thing.
      const mail = mailGateway(reason === 'smtp-etimedout' ? SILENT_MS : undefined)
      t.equal(await run({ ...ctx, gateways: { ...gateways, mail } }), 1, name)
      mail.close()
      const [row] = await rows(app)
      t.match(row, { state, attempts: 1, tries }, `${name}: the letter`)
      t.ok(row!.reason?.startsWith(reason), `${name}: ${row!.reason}`)
      if (state === 'queued') t.ok(row!.due_in > leastSeconds, `${name}: ${row!.due_in} s`)
      t.equal(control.mail.messages().length, arrives, `${name}: what arrived`)
      const [address] = await app.query<{ dead: boolean }>('select undeliverable_at is not null as dead from email_addresses where user_id = $1', [siti.id])
      t.equal(address!.dead, isDead === true, `${name}: the address`)
      if (!isDead) continue
      control.reset()
      await give(app, siti.id)
      await run(ctx)
      t.match((await rows(app))[1], { state: 'dropped', reason: 'undeliverable', tries: 0 }, 'nothing more is sent to where nobody is')
    }
  })

  t.test('a letter whose answer was lost comes a second time under the same Message-ID', async (t) => {
    const siti = await person(app)
    control.setFaults({ mail: { fault: 'cut-after', times: 1 } })
    await give(app, siti.id)
    await run(ctx)
    await app.clock.advance(200)
    await run(ctx)
    t.match(await rows(app), [{ state: 'sent', tries: 2 }])
    const ids = control.mail.messages(siti.email).map(({ messageId }) => messageId)
    t.equal(ids.length, 2)
    t.equal(new Set(ids).size, 1)
  })

  t.test('the third try is the last; what is out of date is dropped', async (t) => {
    const siti = await person(app)
    control.setFaults({ mail: { fault: 'cut' } })
    await give(app, siti.id)
    await give(app, siti.id, { dedupeKey: 'stale', ttlSeconds: 15 })
    for (let turn = 1; turn <= 5; turn++) {
      await run(ctx)
      await app.clock.advance(100)
    }
    t.match(await rows(app), [{ state: 'failed', reason: /^smtp-/, tries: 3 }, { state: 'dropped', reason: 'expired' }])
  })

  t.test('while nobody is there, or our password is wrong, letters wait as long as they live, and spend no try', async (t) => {
    const nobody = await freePort()
    const away = { ...ctx.env, SMTP_URL: `smtp://us:wrong@127.0.0.1:${nobody}`, SMS_BASE_URL: `http://127.0.0.1:${nobody}` }
    const gone = { ...ctx, gateways: { ...gateways, mail: createMailGateway(away, ctx.log, ctx.metrics), sms: createSmsGateway(away, ctx.log, ctx.metrics) } }
    const siti = await person(app)
    await give(app, siti.id, { ttlSeconds: 86_400 })
    await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
    await give(app, siti.id, { dedupeKey: 'short', ttlSeconds: 900 })
    const waits: number[] = []
    for (let turn = 0; turn < 25; turn++) {
      await run(gone)
      waits.push((await rows(app))[0]!.due_in)
      await app.clock.advance(301)
    }
    t.match(await rows(app), [
      { state: 'queued', tries: 0, attempts: 25, reason: 'smtp-esocket' }, { state: 'queued', tries: 0, attempts: 25, reason: 'sms-unreachable' }, { state: 'dropped', reason: 'expired', tries: 0 },
    ])
    t.ok(waits[0]! <= 20 && waits.slice(5).every((seconds) => seconds >= 149 && seconds <= 300), `growing, to some minutes: ${waits.map(Math.round).join(' ')}`)
    control.setFaults({ mail: { fault: 'auth' } })
    for (let turn = 0; turn < 5; turn++) {
      await run(ctx)
      await app.clock.advance(301)
    }
    t.match((await rows(app))[0], { state: 'queued', tries: 0, reason: 'smtp-auth' })
    control.resetFaults()
    await run(ctx)
    t.match(await rows(app), [{ state: 'sent', tries: 1 }, { state: 'sent', tries: 1 }, { state: 'dropped' }])
    t.same([control.mail.messages(siti.email).length, control.sms.messages(siti.phone).length], [1, 1])
  })

  t.test('a mail server that hangs keeps no SMS waiting', async (t) => {
    const mail = createMailGateway(ctx.env, ctx.log, ctx.metrics, { answerMs: 600_000, deadlineMs: 600_000 })
    const hanging = { ...ctx, gateways: { ...gateways, mail } }
    control.setFaults({ mail: { fault: 'hang' } })
    const siti = await person(app)
    await give(app, siti.id, { priority: 0 })
    const mailing = runLetters(hanging, 'email')
    await eventually(() => control.calls('smtp.connect') > 0, 'a mail is under way')
    await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
    t.equal(await runLetters(hanging, 'sms'), 1)
    t.match(await rows(app), [{ state: 'queued', tries: 1 }, { state: 'sent' }])
    mail.close()
    control.mail.cut()
    await mailing
    t.match((await rows(app))[0], { state: 'queued', tries: 0 })
  })

  t.test('a graceful stop ends a drain after what is under way; who comes next sends the rest, nothing twice', async (t) => {
    const siti = await person(app)
    for (let at = 0; at < 11; at++) await give(app, siti.id)
    const stopping = new AbortController()
    const send: typeof gateways.mail.send = (mail) => {
      stopping.abort()
      return gateways.mail.send(mail)
    }
    const sent = await runLetters({ ...ctx, gateways: { ...gateways, mail: { ...gateways.mail, send } } }, 'email', stopping.signal)
    t.ok(sent > 0 && sent < 11, `${sent} of 11`)
    t.same((await rows(app)).map(({ state, attempts }) => `${state} ${attempts}`).toSorted(), [...Array.from({ length: 11 - sent }, () => 'queued 0'), ...Array.from({ length: sent }, () => 'sent 1')])
    t.equal(await runLetters(ctx, 'email', stopping.signal), 0, 'and begins no other')
    t.equal(await runLetters(ctx, 'email'), 11 - sent)
    t.equal(new Set(control.mail.messages(siti.email).map(({ messageId }) => messageId)).size, 11)
    t.equal(control.mail.messages(siti.email).length, 11)
  })

  t.test('each answer of the provider of SMS comes to its action; one reference is one message', async (t) => {
    for (const { name, faults, state, reason, leastSeconds = 9, arrives = 0, tries = 1 } of SMS) {
      await app.query('delete from letters')
      control.reset()
      control.setFaults(faults)
      const siti = await person(app)
      await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
      await run(reason === 'sms-timeout' ? { ...ctx, gateways: { ...gateways, sms: smsGateway(SILENT_MS) } } : ctx)
      const [row] = await rows(app)
      t.match(row, { state, reason, tries }, name)
      if (state === 'queued') t.ok(row!.due_in > leastSeconds, `${name}: ${row!.due_in} s`)
      t.equal(control.sms.messages(siti.phone).length, arrives, name)
      if (reason !== 'sms-unreadable') continue
      control.setFaults({})
      await app.clock.advance(100)
      await run(ctx)
      t.match(await rows(app), [{ state: 'sent', tries: 2 }])
      t.equal(control.sms.messages(siti.phone).length, 1, 'the provider knows the reference')
    }
    const [bad, abroad] = await Promise.all([person(app), person(app)])
    await app.query('delete from letters')
    control.reset()
    control.sms.setBad(bad.phone)
    await app.query('update users set phone_encrypted = $2 where id = $1', [abroad.id, sealPhone(app, '+6591234567')])
    await give(app, bad.id, { channel: 'sms' })
    await give(app, abroad.id, { channel: 'sms' })
    await run(ctx)
    t.match(await rows(app), [{ state: 'failed', reason: 'sms-400' }, { state: 'dropped', reason: 'sms_prefix' }])
  })

  t.test('SMS has a cap a person and one for all, whoever counts', async (t) => {
    const [siti, budi] = await Promise.all([person(app), person(app)])
    const capped = { ...ctx, settings: createSettings({ smsPerPersonDay: 2, smsPerDay: 3 }) }
    for (let at = 0; at < 4; at++) await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
    for (let at = 0; at < 4; at++) await give(app, budi.id, { channel: 'sms', kind: 'security_alert' })
    await Promise.all([run(capped), run({ ...capped, gateways: { ...gateways } })])
    t.same((await rows(app)).map(({ state }) => state).filter((state) => state === 'sent').length, 3)
    t.same(new Set((await rows(app)).map(({ reason }) => reason)), new Set(['sms_cap_day', 'sms_cap_person', null]))
    t.equal(control.sms.messages().length, 3)
    await app.clock.advance(86_401)
    await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
    await run(capped)
    t.equal(control.sms.messages().length, 4, 'a day later there is room')
  })

  t.test('an SMS waits for the end of quiet hours, one that is critical does not', async (t) => {
    const siti = await person(app)
    await transact(ctx, (tx) => changeNotificationPreferences(tx, siti.id, { quietHours: { from: jakarta(ctx.clock.nowMs() - 3_600_000), to: jakarta(ctx.clock.nowMs() + 7_200_000) } }))
    await give(app, siti.id, { channel: 'sms', kind: 'payout' })
    await give(app, siti.id, { channel: 'sms', kind: 'payout', ttlSeconds: 600 })
    await give(app, siti.id, { channel: 'sms', kind: 'security_alert' })
    await run(ctx)
    const [calm, late, alert] = await rows(app)
    t.match([calm, late, alert], [{ state: 'queued', reason: 'quiet', tries: 0 }, { state: 'dropped', reason: 'expired' }, { state: 'sent' }])
    t.ok(calm!.due_in > 3600 && calm!.due_in <= 7200)
    await transact(ctx, (tx) => changeNotificationPreferences(tx, siti.id, { quietHours: null }))
    await run(ctx)
    t.match((await rows(app))[0], { state: 'sent', tries: 1 }, 'no quiet hours any more: it does not wait for their end')
  })

  t.test('an address that can’t be read costs no other letter a second copy, and waits for its key', async (t) => {
    const [siti, budi] = await Promise.all([person(app), person(app)])
    await app.query(`update email_addresses set address_encrypted = '\\x0102' where user_id = $1`, [siti.id])
    await app.query(`update users set phone_encrypted = '\\x0102' where id = $1`, [siti.id])
    for (const { id } of [siti, budi]) for (const channel of LETTER_CHANNELS) await give(app, id, { channel })
    for (let turn = 0; turn < 3; turn++) {
      await run(ctx)
      await app.clock.advance(61)
    }
    t.match(await rows(app), [{ state: 'queued', reason: 'unreadable', tries: 0 }, { state: 'queued', reason: 'unreadable', tries: 0 }, { state: 'sent', tries: 1 }, { state: 'sent', tries: 1 }])
    t.same([control.mail.messages().length, control.sms.messages().length], [1, 1])
    await app.query('update email_addresses set address_encrypted = $2 where user_id = $1', [siti.id, sealAddress(app.ctx.env, siti.email)])
    await app.query('update users set phone_encrypted = $2 where id = $1', [siti.id, sealPhone(app, siti.phone)])
    await run(ctx)
    t.ok((await rows(app)).every(({ state, tries }) => state === 'sent' && tries === 1))
  })

  t.test('staff close a channel: its letters wait, the other channel goes on; what is too old meanwhile is dropped and wiped', async (t) => {
    const siti = await person(app)
    await give(app, siti.id)
    await give(app, siti.id, { ttlSeconds: 900 })
    await give(app, siti.id, { channel: 'sms' })
    const closed = { ...ctx, settings: createSettings({ emailsClosed: true }) }
    t.equal(await runLetters(closed, 'email'), 0)
    t.equal(await runLetters(closed, 'sms'), 1)
    const isDue = async () => (await ctx.sql.execute(sql`select 1 where ${areLettersDue(closed, 'email')}`)).rows.length > 0
    t.same([await isDue(), await sweepLetters(closed, 'email')], [false, 0], 'nothing is looked at while all of them live')
    await app.clock.advance(901)
    t.same([await isDue(), await sweepLetters(closed, 'email'), await isDue()], [true, 1, false])
    t.match(await rows(app), [{ state: 'queued', attempts: 0 }, { state: 'dropped', reason: 'expired', text: '', tries: 0 }, { state: 'sent' }])
    t.same(control.mail.messages(), [])
    t.match(await app.ctx.metrics.registry.metrics(), /letters_total\{channel="email",result="expired"\} \d/)
    await run(ctx)
    t.match((await rows(app))[0], { state: 'sent', tries: 1 }, 'open again')
  })

  t.test('a batch of what is too old is found by its index, however many wait', async (t) => {
    const siti = await person(app)
    await app.query(`insert into letters (id, user_id, channel, kind, template, dedupe_key, subject, text, expires_at)
      select gen_random_uuid(), $1, 'email', 'refund', 'refund.sent', 'many-' || i, 'x', 'x', app_now() + interval '1 day' from generate_series(1, 5000) i`, [siti.id])
    await app.query('analyze letters')
    const closed = { ...ctx, settings: createSettings({ emailsClosed: true }) }
    const plan = await ctx.sql.execute<{ 'QUERY PLAN': string }>(sql`explain select ${areLettersDue(closed, 'email')}`)
    t.match(plan.rows.map((line) => line['QUERY PLAN']).join('\n'), 'letters_expiring')
  })

  t.test('a channel that is closed in the middle of a drain is left after what is under way', async (t) => {
    const siti = await person(app)
    for (let at = 0; at < 9; at++) await give(app, siti.id)
    const settings = createSettings({})
    const send: typeof gateways.mail.send = (mail) => {
      settings.load({ emailsClosed: true })
      return gateways.mail.send(mail)
    }
    const sent = await runLetters({ ...ctx, settings, gateways: { ...gateways, mail: { ...gateways.mail, send } } }, 'email')
    t.ok(sent > 0 && sent < 9, `${sent} of 9`)
    t.same((await rows(app)).map(({ state }) => state).toSorted(), [...Array.from({ length: 9 - sent }, () => 'queued'), ...Array.from({ length: sent }, () => 'sent')])
  })

  t.test('what somebody stopped after it was stored is not sent', async (t) => {
    const siti = await person(app)
    await give(app, siti.id)
    await give(app, siti.id, { kind: 'digest' })
    await give(app, siti.id, { channel: 'sms' })
    await give(app, siti.id, { kind: 'security_alert' })
    await give(app, siti.id, { kind: 'of-another-version' })
    await choose(app, siti.id, { 'refund.email': false, 'payout.sms': false })
    await chooseDigest(ctx.sql, siti.id, 'none')
    await run(ctx)
    t.same((await rows(app)).map(({ state, reason }) => reason ?? state), ['not_wanted', 'not_wanted', 'not_wanted', 'sent', 'sent'])
    t.same([control.mail.messages(siti.email).length, control.sms.messages().length], [2, 0])
  })

  t.test('a worker that dies in the middle of a batch is followed after its lease; one that was followed changes nothing', async (t) => {
    const siti = await person(app)
    for (let at = 0; at < 3; at++) await give(app, siti.id)
    t.equal((await claimLetters(ctx, 'email', 10, 0)).length, 3, 'taken, and never heard of again')
    t.equal(await run(ctx), 0)
    await app.clock.advance(61)
    t.equal(await run(ctx), 3)
    t.match(await rows(app), [{ state: 'sent', attempts: 2, tries: 1 }, { state: 'sent' }, { state: 'sent' }])
    t.equal(control.mail.messages(siti.email).length, 3)
  })

  t.test('without configuration, address or person a letter is dropped and counted', async (t) => {
    const [nobody, gone] = await Promise.all([person(app, { hasEmail: false }), person(app)])
    await app.query('update users set erased_at = app_now() where id = $1', [gone.id])
    await give(app, nobody.id)
    await give(app, gone.id)
    await run(ctx)
    t.match(await rows(app), [{ state: 'dropped', reason: 'no_address' }, { state: 'dropped', reason: 'erased' }])
    await app.query('delete from letters')
    const siti = await person(app)
    const { SMTP_URL: _smtp, SMS_BASE_URL: _sms, ...rest } = ctx.env
    const off = { ...ctx, gateways: { ...gateways, mail: createMailGateway(rest, ctx.log, ctx.metrics), sms: createSmsGateway(rest, ctx.log, ctx.metrics) } }
    await give(app, siti.id)
    await give(app, siti.id, { channel: 'sms' })
    await run(off)
    t.match(await rows(app), [{ state: 'dropped', reason: 'email_disabled' }, { state: 'dropped', reason: 'sms_disabled' }])
    t.match(await app.ctx.metrics.registry.metrics(), /letters_total\{channel="email",result="email_disabled"\} 1/)
  })

  t.test('a server whose certificate is not trusted gets nothing', async (t) => {
    const { SMTP_CA: _ca, ...rest } = ctx.env
    const mail = createMailGateway(rest, ctx.log, ctx.metrics)
    t.teardown(() => mail.close())
    const siti = await person(app)
    await give(app, siti.id)
    await run({ ...ctx, gateways: { ...gateways, mail } })
    t.match(await rows(app), [{ state: 'queued', reason: 'smtp-tls' }])
    t.same(control.mail.messages(), [])
  })
})

/** `HH:MM` on the wall in Jakarta. */
function jakarta(ms: number): string {
  return new Date(ms + 7 * 3_600_000).toISOString().slice(11, 16)
}
