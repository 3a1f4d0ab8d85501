import fc from 'fast-check'
import t from 'tap'
import { sql } from '../../platform/drizzle.ts'
import { forgetSums, refreshRollup } from '../../platform/rollups.ts'
import { startTestApp } from '../../testing/app.ts'
import { crowd } from '../../testing/crowd.ts'
import { expect } from '../../testing/people.ts'
import { packageOf } from '../../testing/stage.ts'
import { staffOf } from '../../testing/staff.ts'
import { ROLLUPS } from './rolled-reports.ts'

const V1 = '/internal/v1'
const DAY_MS = 86_400_000
const DAYS = 70
const dayOf = (at: Date) => new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
const hourOf = (at: Date) => new Date(at.getTime() + 7 * 3_600_000).getUTCHours()
const round = (value: number, places: number) => Math.round(value * 10 ** places) / 10 ** places
const percent = (part: number, all: number) => (all === 0 ? null : round((part / all) * 100, 1))
function periodOf(day: string, group: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  if (group === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  if (group === 'month') date.setUTCDate(1)
  return date.toISOString().slice(0, 10)
}
type Session = { state: string; end_reason: string | null; queued_at: Date; held_at: Date | null; paid_at: Date | null; accepted_at: Date | null; clock_started_at: Date | null; ended_at: Date | null }
type Notice = { channel: string; day: string; kind: string; state: string; reason: string; seconds: number; isCalled: boolean; isDelivered: boolean; isOpened: boolean }
/** Seconds for two minutes, minutes for two hours, then hours. */
const stepOf = (seconds: number) => { const size = seconds < 120 ? 1 : seconds < 7200 ? 60 : 3600; return Math.floor(seconds / size) * size }
type Row = (string | number | null)[]

t.test('reports from sums of days', async (t) => {
  const app = await startTestApp(t, { replicas: 2, atNoon: true, worker: { housekeeping: false, timed: false } })
  const [admin, moderator] = [await staffOf(app, 'admin'), await staffOf(app, 'moderator')]
  const [people, mitras] = [await crowd(app, { kind: 'customer', count: 6 }), await crowd(app, { kind: 'mitra', count: 6 })]
  const { id: packageId } = await packageOf(app, 15)
  const now = await app.clock.now()
  const from = dayOf(new Date(now.getTime() - (DAYS - 1) * DAY_MS))
  const until = dayOf(now)
  // From the first of these days on until now; days without anything, too.
  const back = fc.integer({ min: 0, max: DAYS * DAY_MS - 2 * DAY_MS }).filter((ms) => Math.floor(ms / DAY_MS) % 9 !== 4)
  const [times] = fc.sample(fc.array(back, { minLength: 400, maxLength: 400 }), { numRuns: 1, seed: 61_121 })
  const moments = times!.map((ms) => new Date(now.getTime() - ms).toISOString())
  await app.query(`
    insert into chat_sessions (id, state, customer_id, mitra_id, package_id, minutes, price_idr, mitra_share_percent, queued_at, held_at, paid_at, accepted_at, clock_started_at, ends_at, paused_seconds, ended_at, ended_by, end_reason)
    select gen_random_uuid(), (array['ended', 'cancelled', 'expired', 'unserved', 'ended'])[1 + n % 5], ($1::uuid[])[1 + n % 6], case when n % 5 in (0, 4) then ($2::uuid[])[1 + n % 6] end, $3, 15, 25000, 70, at,
      case when n % 5 <> 2 then at + interval '1 s' end, case when n % 5 in (0, 3, 4) then at + interval '2 s' end, case when n % 5 in (0, 4) then at + interval '9 s' end, case when n % 5 in (0, 4) then at + interval '20 s' end,
      at + interval '1 hour', 7, at + interval '500 s', 'system', (array['time_up', 'mitra_ended', 'no_answer'])[1 + n % 3]
    from unnest($4::timestamptz[]) with ordinality as u(at, n)`, [people.map((one) => one.id), mitras.map((one) => one.id), packageId, moments])
  await app.query(`
    insert into offers (id, session_id, mitra_id, state, created_at, expires_at, ended_at)
    select gen_random_uuid(), id, ($1::uuid[])[1 + n % 6], (array['accepted', 'declined', 'expired', 'withdrawn'])[1 + n % 4], queued_at, queued_at + interval '45 s', queued_at + make_interval(secs => (n * 37 % 450) / 10.0)
    from (select id, queued_at, (row_number() over (order by id))::int as n from chat_sessions) s`, [mitras.map((one) => one.id)])
  await app.query(`
    insert into mitra_intervals (id, mitra_id, kind, session_id, started_at, ended_at)
    select gen_random_uuid(), ($1::uuid[])[1 + n % 6], k.kind, case when k.kind = 'served' then gen_random_uuid() end, at, least($2::timestamptz, at + make_interval(hours => (n * 13 % 60)::int))
    from unnest($3::timestamptz[]) with ordinality as u(at, n), lateral (select (array['online', 'busy', 'served', 'break'])[1 + n % 4] as kind) k`, [mitras.map((one) => one.id), now.toISOString(), moments])
  await app.query(`
    insert into ratings (session_id, customer_id, mitra_id, rater_hash, score, day, created_at)
    select id, customer_id, $1, decode(md5(id::text), 'hex'), 1 + (hashtext(id::text) & 1023) % 5, (queued_at at time zone 'Asia/Jakarta')::date, queued_at from chat_sessions where state = 'ended'`, [mitras[0]!.id])
  const post = (at: string, flow: string, entries: [string, number][]) => app.query(`
    with t as (insert into ledger_transactions (id, key, flow, created_at) values (gen_random_uuid(), gen_random_uuid()::text, $2, $1) returning id)
    insert into ledger_entries (transaction_id, account, amount_idr, created_at) select t.id, a, i, $1 from t, unnest($3::text[], $4::bigint[]) as e(a, i)`, [at, flow, entries.map(([account]) => account), entries.map(([, amount]) => amount)])
  for (const [n, at] of moments.slice(0, 60).entries()) {
    await post(at, 'settlement', [[`session_escrow:${people[0]!.id}`, -25_000], [`mitra_payable:${mitras[0]!.id}`, 17_500], ['platform_revenue', 7500]])
    if (n % 5 === 0) await post(at, 'tip', [['provider_clearing', -20_000], [`mitra_payable:${mitras[0]!.id}`, 20_000]])
    if (n % 7 === 0) await post(at, 'refund.sent', [['platform_revenue', -5000], ['refunds_pending', 5000]])
    if (n % 14 === 0) await post(at, 'refund.succeeded', [['refunds_pending', -5000], ['provider_clearing', 5000]])
    if (n % 3 === 0) await post(at, 'promo.grant', [['promotions', -1000], [`customer_promo:${people[0]!.id}`, 1000]])
  }
  // Pushes are there for a month; of a day before that only its sums are left.
  const recent = moments.filter((at) => now.getTime() - Date.parse(at) < 25 * DAY_MS)
  await app.query(`
    insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, state, reason, created_at, due_at, expires_at, sent_at, accepted_at, settled_at, delivered_at, opened_at)
    select gen_random_uuid(), ($1::uuid[])[1 + n % 6], (array['session', 'payment', 'offer'])[1 + n % 3], 'tag', 'Title', 'Body', '{}', 'report:' || n, state,
      case state when 'failed' then 'invalid-argument' when 'dropped' then (array['expired', 'no_device'])[1 + n % 2] when 'queued' then 'server-unavailable' end, at, case when state = 'queued' then $3::timestamptz + interval '9 days' else at end, $3::timestamptz + interval '9 days',
      case when state in ('sent', 'failed') then at + interval '1 s' end, case when state = 'sent' then at + took end, case when state <> 'queued' then at + took end,
      case when state = 'sent' and n % 3 > 0 then at + took end, case when state = 'sent' and n % 3 = 2 then at + took end
    from unnest($2::timestamptz[]) with ordinality as u(at, n), lateral (select (array['sent', 'sent', 'failed', 'sent', 'dropped', 'queued'])[1 + n % 6] as state, make_interval(secs => (n * 2741 % 30000) / 2.0) as took) s`, [people.map((one) => one.id), recent, now.toISOString()])
  await app.query(`
    insert into letters (id, user_id, channel, kind, template, dedupe_key, subject, text, state, reason, created_at, due_at, expires_at, settled_at, tries)
    select gen_random_uuid(), ($1::uuid[])[1 + n % 6], channel, 'payment', 'payment.paid', 'report:' || n, case when channel = 'email' then 'A receipt' end, 'Words', state, case when state = 'failed' then 'smtp-550' end, at, at, $3::timestamptz + interval '9 days',
      at + make_interval(secs => n), 1
    from unnest($2::timestamptz[]) with ordinality as u(at, n), lateral (select (array['email', 'sms'])[1 + n % 2] as channel, (array['sent', 'sent', 'failed'])[1 + n % 3] as state) s`, [people.map((one) => one.id), recent.slice(0, 60), now.toISOString()])
  const purged = dayOf(new Date(now.getTime() - 60 * DAY_MS))
  await app.query(`insert into notice_days values ($1, 'push', 'session', 'sent', '', 3, 7, 7, 5, 2)`, [purged])
  const report = async (name: string, group = 'day') => (await expect(200, admin.call('GET', `${V1}/reports/${name}?from=${from}&until=${until}&group=${group}`))).body.rows as Row[]

  // What each says, from the rows themselves and not by the statements of the product.
  const grouped = <T>(rows: readonly T[], of: (row: T) => string | number) => [...Map.groupBy(rows, of)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const sessions = () => app.query<Session>('select * from chat_sessions')
  const counts = (rows: readonly Session[]): Row => {
    const count = (fits: (row: Session) => unknown) => rows.filter(fits).length
    const [asked, found, served] = [rows.length, count((row) => row.held_at ?? row.paid_at), count((row) => row.accepted_at)]
    const state = (name: string) => count((row) => row.state === name)
    const servedMs = rows.filter((row) => row.state === 'ended' && row.clock_started_at).reduce((sum, row) => sum + row.ended_at!.getTime() - row.clock_started_at!.getTime() - 7000, 0)
    return [asked, found, count((row) => row.paid_at), served, state('ended'), state('cancelled'), state('expired'), state('unserved'), count((row) => row.ended_at === null), round(servedMs / 60_000, 1), percent(found, asked), percent(served, asked)]
  }
  const overlap = (one: { started_at: Date; ended_at: Date | null }, start: number) => Math.max(0, Math.min((one.ended_at ?? now).getTime(), start + DAY_MS) - Math.max(one.started_at.getTime(), start))
  const days = Array.from({ length: DAYS }, (_, index) => dayOf(new Date(now.getTime() - (DAYS - 1 - index) * DAY_MS)))
  const expected: Record<string, (group: string) => Promise<Row[]>> = {
    'sessions': async (group) => grouped(await sessions(), (row) => periodOf(dayOf(row.queued_at), group)).map(([period, rows]) => [period, ...counts(rows)]),
    'session-hours': async () => [...Map.groupBy(await sessions(), (row) => hourOf(row.queued_at))].toSorted(([a], [b]) => a - b).map(([hour, rows]) => [hour, ...counts(rows)]),
    'session-ends': async (group) => grouped((await sessions()).filter((row) => row.ended_at), (row) => JSON.stringify([periodOf(dayOf(row.queued_at), group), row.state, row.end_reason])).map(([key, rows]) => [...JSON.parse(String(key)) as string[], rows.length]),
    'answer-times': async (group) => grouped(await app.query<{ state: string; created_at: Date; ended_at: Date }>('select * from offers'), (row) => periodOf(dayOf(row.created_at), group)).map(([period, rows]) => {
      const of = (state: string) => rows.filter((row) => row.state === state).length
      const took = rows.filter((row) => row.state === 'accepted' || row.state === 'declined').map((row) => row.ended_at.getTime() - row.created_at.getTime()).toSorted((a, b) => a - b)
      const [accepted, declined, missed] = [of('accepted'), of('declined'), of('expired')]
      const at = (share: number) => (took.length === 0 ? null : Math.floor(took[Math.ceil(took.length * share) - 1]! / 1000))
      return [period, rows.length, accepted, declined, missed, of('withdrawn'), percent(accepted, accepted + declined + missed), percent(missed, accepted + declined + missed), took.length === 0 ? null : round(took.reduce((sum, one) => sum + one, 0) / took.length / 1000, 1), at(0.5), at(0.9)]
    }),
    'mitra-hours': async (group) => {
      const rows = await app.query<{ mitra_id: string; kind: string; started_at: Date; ended_at: Date | null }>('select * from mitra_intervals')
      const perDay = days.map((day) => ({ day, found: rows.filter((row) => overlap(row, Date.parse(`${day}T00:00:00+07:00`)) > 0) })).filter(({ found }) => found.length > 0)
      return grouped(perDay, ({ day }) => periodOf(day, group)).map(([period, some]) => {
        const ms = (kind: string) => some.reduce((sum, { day, found }) => sum + found.filter((row) => row.kind === kind).reduce((all, row) => all + overlap(row, Date.parse(`${day}T00:00:00+07:00`)), 0), 0)
        const online = some.map(({ found }) => new Set(found.filter((row) => row.kind === 'online').map((row) => row.mitra_id)).size).filter((count) => count > 0)
        const hours = (kind: string) => round(ms(kind) / 3_600_000, 2)
        return [period, online.length === 0 ? null : round(online.reduce((sum, one) => sum + one, 0) / online.length, 1), hours('online'), hours('busy'), hours('served'), hours('break'), percent(ms('busy'), ms('online'))]
      })
    },
    'revenue': async (group) => grouped(await app.query<{ flow: string; account: string; amount_idr: string; created_at: Date }>('select t.flow, e.* from ledger_entries e join ledger_transactions t on t.id = e.transaction_id'), (row) => periodOf(dayOf(row.created_at), group)).map(([period, rows]) => {
      const sum = (fits: (row: (typeof rows)[number]) => boolean) => rows.filter(fits).reduce((all, row) => all + Number(row.amount_idr), 0)
      const settled = (account: string) => sum((row) => row.flow === 'settlement' && row.account.startsWith(account))
      return [period, 0 - sum((row) => row.account === 'provider_clearing' && Number(row.amount_idr) < 0), 0 - settled('session_escrow'), settled('mitra_payable'), settled('platform_revenue'), sum((row) => row.account === 'platform_revenue'),
        sum((row) => row.flow === 'tip' && row.account.startsWith('mitra_payable')), 0 - sum((row) => row.account === 'promotions'), sum((row) => row.flow === 'refund.sent' && row.account === 'refunds_pending'), 0]
    }),
    'notifications': async (group) => (await noticeGroups(group)).map(([key, some]) => {
      const count = (fits: (one: Notice) => boolean) => some.filter(fits).length
      const [accepted, delivered, opened, waiting] = [count((one) => one.state === 'sent'), count((one) => one.isDelivered), count((one) => one.isOpened), count((one) => one.state === 'queued')]
      const took = some.filter((one) => one.state === 'sent').map((one) => stepOf(one.seconds)).toSorted((a, b) => a - b)
      const at = (share: number) => (took.length === 0 ? null : took[Math.ceil(took.length * share) - 1]!)
      const told = <T>(value: T) => (some[0]!.channel === 'push' ? value : null)
      return [...JSON.parse(String(key)) as string[], some.length, count((one) => one.isCalled), accepted, told(delivered), told(opened), count((one) => one.state === 'failed'), count((one) => one.state === 'dropped'), waiting,
        percent(accepted, some.length - waiting), told(percent(delivered, accepted)), told(percent(opened, delivered)), at(0.5), at(0.9)]
    }),
    'notification-ends': async (group) => grouped((await notices()).filter((one) => one.state === 'failed' || one.state === 'dropped'), (one) => JSON.stringify([periodOf(one.day, group), one.channel, one.kind, one.state, one.reason])).map(([key, some]) => [...JSON.parse(String(key)) as string[], some.length]),
    'ratings': async (group) => grouped(await app.query<{ score: number; day: string }>('select score, day::text from ratings'), (row) => periodOf(row.day, group)).map(([period, rows]) => [
      period, rows.length, round(rows.reduce((sum, row) => sum + row.score, 0) / rows.length, 2), ...[1, 2, 3, 4, 5].map((score) => rows.filter((row) => row.score === score).length)]),
  }
  async function notices(): Promise<Notice[]> {
    const rows = await app.query<{ kind: string; state: string; reason: string | null; created_at: Date; sent_at: Date | null; accepted_at: Date | null; delivered_at: Date | null; opened_at: Date | null }>('select * from pushes')
    const before: Notice[] = Array.from({ length: 7 }, (_, n) => ({ channel: 'push', day: purged, kind: 'session', state: 'sent', reason: '', seconds: 3, isCalled: true, isDelivered: n < 5, isOpened: n < 2 }))
    const letters = await app.query<{ channel: string; kind: string; state: string; reason: string | null; created_at: Date; settled_at: Date }>('select * from letters')
    return before.concat(letters.map((row) => ({
      channel: row.channel, day: dayOf(row.created_at), kind: row.kind, state: row.state, reason: row.reason ?? '', seconds: (row.settled_at.getTime() - row.created_at.getTime()) / 1000, isCalled: true, isDelivered: false, isOpened: false,
    })), rows.map((row) => ({
      channel: 'push', day: dayOf(row.created_at), kind: row.kind, state: row.state, reason: row.reason ?? '', seconds: ((row.accepted_at ?? row.created_at).getTime() - row.created_at.getTime()) / 1000,
      isCalled: row.sent_at !== null, isDelivered: row.delivered_at !== null, isOpened: row.opened_at !== null,
    })))
  }
  const noticeGroups = async (group: string) => {
    const rows = await notices()
    return [...grouped(rows, (one) => JSON.stringify([periodOf(one.day, group), one.channel, one.kind])), ...grouped(rows, (one) => JSON.stringify([periodOf(one.day, group), one.channel, 'all']))]
  }
  const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).toSorted()
  const allRight = async (t: { same(found: unknown, wanted: unknown, message: string): void }, when: string, groups = ['day']) => {
    for (const [name, of] of Object.entries(expected)) for (const group of groups) t.same(sorted(await report(name, group)), sorted(await of(group)), `${when}: ${name} by ${group}`)
  }
  const refreshed = (replica = 0) => Promise.all(ROLLUPS.map((rollup) => refreshRollup(app.replicas[replica]!.ctx, rollup)))
  const rolledUntil = async () => (await app.query<{ day: string }>('select distinct rolled_until::text as day from rollups')).map((row) => row.day)

  await t.test('right before anything is added up, and after it; by two replicas at once, once', async (t) => {
    await allRight(t, 'live', ['day', 'week', 'month'])
    await Promise.all([refreshed(0), refreshed(1)])
    t.same(await rolledUntil(), [until], 'every day that is over')
    t.same(await app.query('select * from rollup_changes'), [])
    t.equal((await app.query(`select 1 from session_days where day = $1`, [until])).length, 0, 'today is not over')
    await allRight(t, 'added up', ['day', 'week', 'month'])
    t.same(await refreshed(), ROLLUPS.map(() => 0), 'there is nothing more to do')
  })

  await t.test('what changes of a day that is over is in the reports at once, and in the sums with the next turn', async (t) => {
    await app.query(`update chat_sessions set state = 'ended', end_reason = 'staff_ended' where id in (select id from chat_sessions where state = 'expired' order by queued_at limit 20)`)
    await app.query(`update ratings set score = 6 - score where session_id in (select session_id from ratings order by session_id limit 15)`)
    await app.query(`update offers set state = 'expired' where id in (select id from offers where state = 'accepted' order by id limit 15)`)
    await app.query(`update mitra_intervals set ended_at = greatest(started_at, ended_at - interval '30 hours') where id in (select id from mitra_intervals where kind = 'online' order by started_at limit 10)`)
    await app.query(`update pushes set delivered_at = app_now(), opened_at = app_now() where id in (select id from pushes where state = 'sent' and delivered_at is null order by id limit 10)`)
    await app.query(`update pushes set state = 'failed', reason = 'too_many_tries', settled_at = app_now() where id in (select id from pushes where state = 'queued' order by id limit 5)`)
    await app.query(`insert into rollup_changes (rollup, from_day, until_day) values ('notices', $1, $1)`, [purged])
    await allRight(t, 'told of')
    const [sessionDays] = ROLLUPS
    const broken = { ...sessionDays!, ofDay: () => sql`select 1 / 0 as hour` }
    await t.rejects(refreshRollup(app.replicas[0]!.ctx, broken), 'a turn that dies')
    await allRight(t, 'after a turn that died')
    await Promise.all([refreshed(1), refreshed(0)])
    t.same(await app.query('select * from rollup_changes'), [])
    await allRight(t, 'added up anew', ['day', 'month'])
  })

  await t.test('added up from nothing, the same comes out', async (t) => {
    const before = await app.query('select * from session_days order by day, hour')
    await app.query('update session_days set asked = asked + 1; insert into session_days select day - 400, hour, 5, 5, 5, 5, 5, 0, 0, 0, 0 from session_days limit 1')
    t.notSame(sorted(await report('sessions')), sorted(await expected['sessions']!('day')), 'somebody has tampered with it')
    for (const rollup of ROLLUPS) await forgetSums(app.replicas[1]!.ctx.sql, rollup)
    await allRight(t, 'forgotten')
    for (const [at, days] of (await refreshed(1)).entries()) t.ok(days > (ROLLUPS[at]!.isPurged ? 25 : 60), ROLLUPS[at]!.name)
    t.same(await app.query('select * from session_days order by day, hour'), before)
    await allRight(t, 'rebuilt')
  })

  await t.test('who may see what, and as a file', async (t) => {
    t.match(await moderator.call('GET', `${V1}/reports/revenue?from=${from}&until=${until}`), { status: 403 })
    t.equal((await moderator.call('GET', `${V1}/reports/sessions?from=${from}&until=${until}`)).status, 200)
    const file = await admin.call('GET', `${V1}/reports/revenue?from=${from}&until=${until}&group=month&format=csv`)
    t.match(file.headers['content-type'], /text\/csv/)
    t.match(file.text, /^period,received_idr,gross_idr/)
    t.equal(file.text.trim().split('\r\n').length, (await report('revenue', 'month')).length + 1)
    t.match(await app.query(`select actor_id, details from audit_log where act = 'report.exported'`), [{ actor_id: admin.id, details: { from, until } }])
    t.match(await admin.call('GET', `${V1}/reports/sessions?from=2010-01-01&until=2026-01-01`), { status: 400 }, 'ten years are enough')
    t.match(await admin.call('GET', `${V1}/reports/sessions?group=year`), { status: 400 })
    t.match(await admin.call('GET', `${V1}/reports/sessions?from=2001-01-01&until=2001-01-31`), { status: 200, body: { rows: [] } }, 'long before anything')
  })

  await t.test('what one person was told, page by page; its words are not for who sees people masked, and those of messages for nobody here', async (t) => {
    const { id } = people[0]!
    await app.query(`
      insert into notifications (id, user_id, kind, title, body, dedupe_key, created_at, read_at) select gen_random_uuid(), $1, 'session', 'In the app', 'Body', 'told:' || n, app_now(), case when n > 2 then app_now() end from generate_series(1, 3) n`, [id])
    await app.query(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, state, settled_at, expires_at) values (gen_random_uuid(), $1, 'message', 't', 'From Made', 'A secret', '{}', 'told:message', 'dropped', app_now(), app_now())`, [id])
    const all = async (who: typeof admin) => {
      const items: { id: string; channel: string; kind: string; state: string; title?: string; deliveredAt: string | null }[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await expect(200, who.call('GET', `${V1}/people/${id}/notices?limit=7${cursor && `&cursor=${cursor}`}`))
        if (who === admin) t.ok(body.items.length === 7 || body.nextCursor === null)
        items.push(...body.items)
        cursor = body.nextCursor
      }
      return items
    }
    const [seen, masked] = [await all(admin), await all(moderator)]
    const [stored] = await app.query<{ pushes: number; acked: number }>('select count(*)::int as pushes, count(delivered_at)::int as acked from pushes where user_id = $1', [id])
    t.equal(seen.filter(({ channel }) => channel === 'push').length, stored!.pushes)
    t.equal(seen.filter(({ channel, deliveredAt }) => channel === 'push' && deliveredAt !== null).length, stored!.acked)
    t.equal(seen.filter(({ channel }) => channel === 'email' || channel === 'sms').length, (await app.query('select 1 from letters where user_id = $1', [id])).length)
    t.same(seen.filter(({ channel }) => channel === 'inbox').map(({ state }) => state).toSorted(), ['read', 'unread', 'unread'])
    t.same(seen.map((one) => one.id), seen.map((one) => one.id).toSorted().toReversed())
    t.ok(seen.filter(({ kind }) => kind !== 'message').every(({ title }) => title !== undefined))
    t.same(masked, seen.map(({ title: _title, ...one }) => { delete (one as { body?: string }).body; return one }))
    t.same(seen.filter(({ kind }) => kind === 'message').map((one) => 'title' in one || 'body' in one), [false])
    await app.query(`insert into notifications (id, user_id, kind, title, body, dedupe_key) values (gen_random_uuid(), $1, 'safety', 'A warning', 'Be kind', 'told:warning')`, [id])
    const isTold = async (who: typeof admin) => (await all(who)).some(({ kind }) => kind === 'safety')
    t.same([await isTold(admin), await isTold(moderator), await isTold(await staffOf(app, 'finance')), await isTold(await staffOf(app, 'viewer'))], [true, true, false, false], 'what comes of cases is for who acts on them')
  })

  await t.test('a day that has just ended is added up once nothing can come into it any more', async (t) => {
    const midnight = Date.parse(`${until}T00:00:00+07:00`) + DAY_MS
    await app.clock.advance((midnight + 60_000 - (await app.clock.now()).getTime()) / 1000)
    await refreshed()
    t.same(await rolledUntil(), [until])
    await app.clock.advance(600)
    await refreshed()
    t.same(await rolledUntil(), [dayOf(new Date(midnight))])
    const later = await staffOf(app, 'admin') // whoever was signed in has slept
    const { body } = await expect(200, later.call('GET', `${V1}/reports/sessions?from=${from}&until=${dayOf(new Date(midnight))}`))
    t.same(sorted(body.rows), sorted(await expected['sessions']!('day')))
  })
})
