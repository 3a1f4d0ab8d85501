import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { countStatements } from '../../testing/statements.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { notify, onNoticeFaults, type Notice, type NoticeFault } from './index.ts'

t.test('whom a notice reaches, by what, and in which words', async (t) => {
  const app = await startTestApp(t, { simulators: false, valkeyPatienceMs: 30_000 })
  const ctx = app.replicas[0]!.ctx
  const [citra, made, eve, gone] = await Promise.all((['customer', 'mitra', 'customer', 'customer'] as const).map((kind) => signIn(app, { kind })))
  const people = [citra!, made!, eve!, gone!]
  await app.query(`update users set language = 'en', time_zone = 'Asia/Makassar' where id = $1`, [made!.id])
  await app.query(`update users set language = 'fr' where id = $1`, [eve!.id])
  await app.query(`update users set language = 'id-ID' where id = $1`, [citra!.id])
  await app.query('update users set erased_at = app_now() where id = $1', [gone!.id])
  const give = (notices: Notice[]) => transact(ctx, (tx) => notify(tx, notices))
  const inboxOf = (person: Person) => app.query<{ title: string; body: string }>('select kind, title, body, data from notifications where user_id = $1 order by created_at, id', [person.id])
  const pushesOf = (person: Person) => app.query('select kind, title, body, data, tag, priority, template, announcement_id, extract(epoch from expires_at - created_at)::int as ttl from pushes where user_id = $1 order by created_at, id', [person.id])
  t.beforeEach(async () => {
    await app.query('delete from notifications')
    await app.query('delete from pushes')
  })

  await t.test('each in their language and time zone; who is erased not at all', async (t) => {
    await give(people.map(({ id }) => ({ userId: id, template: 'credit.given', variables: { amount: 25_000 }, dedupeKey: 'words', data: { creditId: 'c-1' } })))
    t.match(await Promise.all(people.map(inboxOf)), [[{ body: 'Kredit Rp 25.000 ada di dompetmu.' }], [{ body: 'Rp 25,000 of credit is in your wallet.' }], [{ title: 'You got credit' }], []])
    t.match(await pushesOf(made!), [{
      kind: 'credit', title: 'You got credit', tag: 'credit:c-1', priority: 2, template: 'credit.given', ttl: 86_400,
      data: { kind: 'credit', template: 'credit.given', link: '/wallet', creditId: 'c-1' },
    }])
    t.same(await pushesOf(gone!), [])
    await give([made!, citra!].map(({ id }) => ({ userId: id, template: 'security.new_sign_in', variables: { at: '2026-11-22T03:30:00Z' }, dedupeKey: 'at' })))
    t.match((await inboxOf(made!)).at(-1)?.body, /Nov 22, 2026, 11:30/)
    t.match((await inboxOf(citra!)).at(-1)?.body, /22 Nov 2026, 10\.30 WIB/)
  })

  await t.test('by what its kind, its own definition and the person allow', async (t) => {
    await app.query(`update preferences set values = values || '{"notificationsEnabled": false}' where user_id = $1`, [eve!.id])
    await app.query(`insert into preferences (user_id, values) values ($1, '{"notificationsEnabled": false}') on conflict do nothing`, [eve!.id])
    await app.query(`insert into notification_preferences (user_id, choices) values ($1, '{"tip.push": false}')`, [made!.id])
    await give([citra!, made!, eve!].flatMap(({ id }): Notice[] => [
      { userId: id, template: 'tip.received', variables: { amount: 1000 }, dedupeKey: 'tip', data: { tipId: 't' } },
      { userId: id, template: 'session.extended', variables: { minutes: 15 }, dedupeKey: 'extended', data: { sessionId: 's' } },
      { userId: id, template: 'offer.created', dedupeKey: 'offer', data: { offerId: 'o', sessionId: 's' }, ttlSeconds: 45 },
      { userId: id, template: 'sanction.lifted', dedupeKey: 'lifted', data: { sanctionId: 'x' } },
    ]))
    const kindsOf = async (rows: Promise<object[]>) => (await rows).map((row) => (row as { kind: string }).kind).toSorted()
    for (const person of [citra!, made!, eve!]) t.same(await kindsOf(inboxOf(person)), ['safety', 'tip'])
    t.same(await Promise.all([citra!, made!, eve!].map((person) => kindsOf(pushesOf(person)))), [['offer', 'session', 'tip'], ['offer', 'session'], []])
    t.match((await pushesOf(citra!)).find((row) => row['kind'] === 'offer'), { ttl: 45, priority: 0, tag: 'offer:s', data: { link: '/offers/o' } })
  })

  await t.test('its own words, tag, time and priority; of what others should not read, ids alone and silent words', async (t) => {
    const announcementId = '0190a0a0-0000-7000-8000-000000000001'
    const text = { id: { title: 'Promo {50%}', body: '<b>Hari ini</b>' }, en: { title: 'Sale {50%}', body: '<b>Today</b>' } }
    await give([citra!, made!].map(({ id }) => ({ userId: id, template: 'announcement', dedupeKey: 'a', text, announcementId, priority: 'high', tag: 'own', ttlSeconds: 60, data: { announcementId } })))
    t.match(await pushesOf(made!), [{ title: 'Sale {50%}', body: '<b>Today</b>', announcement_id: announcementId, priority: 1, tag: 'own', ttl: 60 }])
    t.match(await inboxOf(citra!), [{ title: 'Promo {50%}', body: '<b>Hari ini</b>' }])
    await give([{ userId: eve!.id, template: 'announcement', dedupeKey: 'a', text: { id: text.id } }])
    t.match(await inboxOf(eve!), [{ title: 'Promo {50%}' }], 'who has no words in their language gets those there are')
    await give([{ userId: citra!.id, template: 'sanction.warning.words', variables: { message: 'Kamu kasar.' }, dedupeKey: 'w', data: { sanctionId: 'x', card: 'warning' } }])
    t.match((await inboxOf(citra!)).at(-1), { body: 'Kamu kasar.', data: { card: 'warning', sanctionId: 'x' } })
    t.strictSame((await pushesOf(citra!)).at(-1)?.['data'], { kind: 'safety', link: '/notifications', sanctionId: 'x' })
    t.match((await pushesOf(citra!)).at(-1), { title: 'halobestie', body: 'Ada pesan penting untukmu.' })
  })

  await t.test('a variable that is missing is told to whoever asks, counted, and nobody sees it', async (t) => {
    const faults: NoticeFault[] = []
    onNoticeFaults(ctx, (_, some) => faults.push(...some))
    // What a row holds is not always what its type says.
    await give([{ userId: made!.id, template: 'tip.received', variables: { amount: Number.NaN }, dedupeKey: 'missing' }])
    t.match(await inboxOf(made!), [{ title: 'You got a tip', body: 'A thank-you from your customer.' }])
    t.match(faults[0], { template: 'tip.received', by: 'built_in', language: 'en', field: 'body', reason: 'missing_variable', variable: 'amount' })
    t.match(await ctx.metrics.registry.metrics(), /notice_faults_total\{template="tip.received",reason="missing_variable"[^}]*\} 2/)
    await t.rejects(transact(ctx, async (tx) => {
      await notify(tx, [{ userId: made!.id, template: 'tip.received', variables: { amount: Number.NaN }, dedupeKey: 'again' }])
      throw new Error('the act itself failed')
    }))
    t.equal(faults.length, 2, 'no act, no fault')
  })

  await t.test('as many statements for five hundred as for two', async (t) => {
    const many = (count: number): Notice[] => Array.from({ length: count }, (_, index) => ({
      userId: people[index % 3]!.id, template: 'credit.given', variables: { amount: index }, dedupeKey: `many-${count}-${index}`, data: { creditId: `${index}` },
    }))
    const [few, all] = [await statementsOf(ctx, many(2)), await statementsOf(ctx, many(500))]
    t.equal(all, few)
    t.ok(few > 0 && few <= 4, `${few} statements`)
    t.match(await app.query(`select count(*)::int from notifications where dedupe_key like 'many-500-%'`), [{ count: 500 }])
  })
})

async function statementsOf(ctx: Ctx, notices: readonly Notice[]): Promise<number> {
  return transact(ctx, async (tx) => {
    const { sql, count } = countStatements(tx.sql)
    await notify({ ...tx, sql, afterCommit: (effect) => tx.afterCommit(effect) } satisfies Tx, notices)
    return count()
  })
}
