import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { v7 } from 'uuid'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable, Sql, Transaction } from '../../platform/database.ts'
import { sql, type SQL } from '../../platform/drizzle.ts'
import { readMigrations } from '../../platform/migrations.ts'
import { splitStatements } from '../../platform/sql-statements.ts'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { createEmptyDatabase } from '../../testing/database.ts'
import { connect } from '../../testing/socket.ts'
import { APP_ROLE } from '../../testing/template.ts'
import { eventually } from '../../testing/wait.ts'
import { findOpenConversations } from '../sessions/index.ts'
import { changeHealer, eraseTranscripts as eraseUnless, messageHealer, pushUndelivered, readyConversations, turnPartitions } from './index.ts'
import { searchMessages } from './search-messages.ts'

const DAY = 86_400

const eraseTranscripts = (ctx: Ctx, limit: number) => eraseUnless(ctx, limit, findOpenConversations)
const partitionsOf = async (app: TestApp) => (await app.query<{ name: string }>('select name from message_partitions order by high')).map(({ name }) => name)
const idOf = (date: string) => v7({ msecs: Date.parse(date) })

/** Six lines in a conversation whose id is of any time. */
async function fill(app: TestApp, ids: string[], writableUntil: string): Promise<void> {
  await app.query('insert into conversations (id, writable_until, head_seq) select id, $2::timestamptz, 6 from unnest($1::uuid[]) id', [ids, writableUntil])
  await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body)
    select c, n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'halo' from unnest($1::uuid[]) c, generate_series(1, 6) n`, [ids])
}

t.test('transcripts end, and leave nothing behind', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { healMs: 500 }, worker: { housekeeping: false } })
  const { ctx } = app.replicas[0]!

  t.test('the months ahead have partitions, made by the application without a right to the schema', async (t) => {
    // By the month in which the database was made, which may be over by now.
    const [first, last, ...more] = await partitionsOf(app)
    t.same([first, more], ['messages_first', []])
    const [{ early, late, next }] = await app.query<{ early: number; late: number; next: string[] }>(`
      select extract(epoch from month_from(start, -2) + interval '14 days' - app_now())::float8 as early, extract(epoch from start + interval '14 days' - app_now())::float8 as late,
        array(select 'messages_' || to_char(month_from(start, n) at time zone 'UTC', 'YYYY_MM') from generate_series(1, 2) n) as next
      from (select to_timestamp($1 || ' UTC', '"messages_"YYYY_MM TZ') as start) s`, [last]) as [{ early: number; late: number; next: string[] }]
    await app.clock.advance(early)
    t.equal(await turnPartitions(ctx), 0, 'nothing is due')
    await app.clock.advance(late - early)
    t.equal(await turnPartitions(ctx), 2)
    t.equal(await turnPartitions(app.replicas[1]!.ctx), 0)
    t.same(await partitionsOf(app), ['messages_first', last, ...next])
    await app.clock.advance(-late)
    const direct = new pg.Client({ connectionString: app.db.url })
    await direct.connect()
    for (const forbidden of ['create table mine (like messages)', `drop table ${last}`, `alter table messages detach partition ${last}`, 'truncate messages_default', 'alter function drop_message_partition() reset all']) {
      await t.rejects(direct.query(forbidden), { message: /permission denied|must be owner/ }, forbidden)
    }
    await direct.end()
  })

  t.test('an insert never wants for a partition', async (t) => {
    const ids = [randomUUID(), idOf('1990-01-01'), idOf('2200-01-01'), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
    await fill(app, ids, '2020-01-01')
    for (const id of ids) t.equal((await messagesIn(app, id)).length, 6, id)
    t.equal(await eraseTranscripts(ctx, 3), 3, 'in batches')
    t.equal(await eraseTranscripts(ctx, 3), 2)
    const [left] = await app.query<{ strays: number }>('select count(*)::int as strays from messages_default')
    t.equal(left!.strays, 0, 'what is in no partition of a month goes by itself')
    await app.query('delete from messages where conversation_id = any($1::uuid[])', [ids])
  })

  t.test('what belongs to a session that has not ended stays, and is in nobody’s way', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const ids = [randomUUID(), randomUUID()]
    await fill(app, ids, '2020-01-01')
    await app.query(`update conversations set writable_until = '2019-01-01' where id = $1`, [conversationId])
    await app.query('insert into mitras (user_id) values ($1) on conflict do nothing', [mitra.id])
    await app.query(`with p as (insert into packages (id, minutes, price_idr) values (gen_random_uuid(), 31, 0) returning *)
      insert into chat_sessions (id, customer_id, state, conversation_id, mitra_id, slot_mitra_id, ends_at, due_at, package_id, minutes, price_idr, mitra_share_percent)
      select $1, $2, 'paused', $3, $4, $4, app_now(), app_now() + interval '1 year', p.id, p.minutes, p.price_idr, 70 from p`, [randomUUID(), customer.id, conversationId, mitra.id])
    t.equal(await eraseTranscripts(ctx, 1), 1, 'the first in line is passed over')
    t.equal(await eraseTranscripts(ctx, 500), 1)
    t.same(await app.query('select conversation_id from chat_sessions where customer_id = $1', [customer.id]), [{ conversation_id: conversationId }])
    await app.query(`update chat_sessions set state = 'ended', slot_mitra_id = null, due_at = null, ended_at = app_now() where customer_id = $1`, [customer.id])
    t.equal(await eraseTranscripts(ctx, 500), 1, 'it goes after the session')
  })

  t.test('a partition goes when the last of its conversations has gone; sends go on meanwhile, sessions stay', async (t) => {
    const old = await pairUp(app)
    const long = await pairUp(app, { writableSeconds: 20 * DAY })
    for (const { customer, conversationId } of [old, long]) {
      const socket = await connect(customer)
      socket.send(sendOf(conversationId, 'remember'))
      await socket.next('message:ack')
      await socket.close()
    }
    await app.query(`with p as (insert into packages (id, minutes, price_idr) values (gen_random_uuid(), 30, 0) returning *)
      insert into chat_sessions (id, customer_id, state, conversation_id, ended_at, package_id, minutes, price_idr, mitra_share_percent)
      select gen_random_uuid(), $1, 'ended', $2, app_now(), p.id, p.minutes, p.price_idr, 70 from p`, [old.customer.id, old.conversationId])
    await app.clock.advance(179 * DAY)
    t.equal(await eraseTranscripts(ctx, 100), 0, 'not yet')
    await app.clock.advance(2 * DAY)
    t.equal(await eraseTranscripts(ctx, 100), 1)
    const rows = (id: string) => app.query('select (select count(*)::int from conversations where id = $1) as conversations, (select count(*)::int from conversation_members where conversation_id = $1) as members', [id])
    t.same(await rows(old.conversationId), [{ conversations: 0, members: 0 }])
    t.same(await rows(long.conversationId), [{ conversations: 1, members: 2 }])
    t.same(await app.query('select state, conversation_id from chat_sessions where customer_id = $1', [old.customer.id]), [{ state: 'ended', conversation_id: null }])
    await turnPartitions(ctx)
    t.ok((await partitionsOf(app)).includes('messages_first'), 'who is not past it keeps it alive')
    t.equal((await messagesIn(app, long.conversationId)).length, 1)

    await app.clock.advance(20 * DAY)
    t.equal(await eraseTranscripts(ctx, 100), 1)
    const fresh = await pairUp(app)
    const reader = new pg.Client({ connectionString: app.db.ownerUrl })
    await reader.connect()
    await reader.query('begin; select count(*) from messages')
    const turning = turnPartitions(ctx)
    const socket = await connect(fresh.customer)
    for (let n = 1; n <= 20; n++) {
      socket.send(sendOf(fresh.conversationId, `while it waits ${n}`))
      await socket.next('message:ack')
    }
    await turning
    t.ok((await partitionsOf(app)).includes('messages_first'), 'a long reader makes it late')
    await reader.query('commit')
    await reader.end()
    await eventually(async () => {
      await turnPartitions(ctx)
      return !(await partitionsOf(app)).includes('messages_first')
    }, 'it is dropped')
    for (const { conversationId } of [old, long]) t.same(await messagesIn(app, conversationId), [])
    t.equal((await messagesIn(app, fresh.conversationId)).length, 20)
    await fill(app, [old.conversationId], '2020-01-01')
    t.equal((await messagesIn(app, old.conversationId)).length, 6, 'a month that has no partition any more')
    await socket.close()
  })
})

t.test('only the partitions that are asked for are read', async (t) => {
  const app = await startTestApp(t, { replicas: 1, simulators: false, settings: { healMs: 500 }, worker: { housekeeping: false } })
  await app.query('drop table messages_first')
  // The housekeeping drops months in which nothing is open: there is something in each.
  const old = v7({ msecs: Date.now() - 100 * DAY * 1000 })
  await app.query(`insert into conversations (id, writable_until) select case when back = 0 then $1::uuid else id_from(month_from(now(), -back) + interval '1 day') end, app_now() + interval '1 hour' from generate_series(0, 24) back`, [old])
  await app.query(`do $$ begin for back in reverse 24..0 loop
    execute format('create table messages_back_%s (like messages including all)', back);
    execute format('alter table messages attach partition messages_back_%s for values from (%L) to (%L)', back, id_from(month_from(now(), -back)), id_from(month_from(now(), 1 - back)));
  end loop; end $$; select pg_stat_force_next_flush()`)
  const reads = async () => new Map((await app.query<{ name: string; reads: number }>(`select relname as name, (seq_scan + idx_scan)::int as reads from pg_stat_user_tables where relname like 'messages\\_%'`)).map(({ name, reads }) => [name, reads]))
  const before = await reads()
  t.equal(before.size, 27)
  const { customer, mitra, conversationId } = await pairUp(app)
  const [own, peer] = await Promise.all([connect(customer), connect(mitra)])
  for (let n = 1; n <= 5; n++) {
    own.send(sendOf(conversationId, `n${n}`))
    await peer.next('message:received')
  }
  // Statements that find out only while they run which conversations they are about.
  const { ctx, planned } = explaining(app.replicas[0]!.ctx)
  t.match((await readyConversations(ctx.sql, [mitra.id], 0)).get(mitra.id), { conversations: [{ id: conversationId, headSeq: 5, readSeq: 0 }] })
  t.match((await readyConversations(ctx.sql, [customer.id], 0)).get(customer.id), { conversations: [{ readSeq: 5 }] })
  t.same([...planned], ['messages_back_0'], 'ready')
  planned.clear()
  t.equal((await searchMessages(ctx, mitra.id, { q: 'n3', limit: 10 })).items.length, 1)
  t.same([...planned], ['messages_back_0'], 'search')
  planned.clear()
  await app.clock.advance(10)
  await pushUndelivered(ctx, 10)
  t.same([...planned], ['messages_back_0'], 'pushes')
  own.send({ type: 'message:edit', conversationId, seq: 2, body: 'edited' })
  await peer.next('message:changed')
  peer.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0, afterChange: 0 }] })
  t.equal((await peer.next('conversation:synced'))['headSeq'], 5)
  t.equal((await customer.call('GET', `/api/v1/conversations/${conversationId}/messages?limit=3`)).body.items.length, 3)
  await customer.call('GET', '/api/v1/conversations')
  await app.replicas[0]!.realtime.heal()

  // What was lost in a conversation that was opened long ago.
  const [{ of: month }] = await app.query<{ of: string }>(`select name as of from message_partitions where low <= $1 and high > $1`, [old]) as [{ of: string }]
  await app.query('insert into conversation_members (conversation_id, user_id) select $1, u from unnest($2::uuid[]) u', [old, [customer.id, mitra.id]])
  const lose = (seq: number) => app.query(`with c as (update conversations set head_seq = $2, head_at = app_now() where id = $1)
    insert into messages (conversation_id, seq, id, client_id, sender_id, body) values ($1, $2, gen_random_uuid(), gen_random_uuid(), $3, 'lost')`, [old, seq, customer.id])
  const { realtime } = app.replicas[0]!
  // Where its sockets stand, whatever has been healed meanwhile.
  const windowAt = (place: number) => ({
    userIds: [customer.id, mitra.id], sinceSeconds: 10, hub: { ...realtime.hub, reachedByAll: (_: unknown, stream: string) => (stream.startsWith(old) ? place || undefined : Infinity), beginUnknown: () => {} },
  })
  for (const [seq, when] of [[1, 'of which nothing was known'], [2, 'whose start is known']] as const) {
    await lose(seq)
    planned.clear()
    t.match(await messageHealer.find(ctx, windowAt(seq - 1)), [{ position: { stream: old, seq } }], when)
    t.same([...planned], [month])
    await realtime.heal()
    t.match(await peer.next('message:received', { matches: (frame) => frame['conversationId'] === old && frame['seq'] === seq }), { body: 'lost' })
  }
  for (const change of [1, 2]) {
    await app.query(`with c as (update conversations set head_change = $2, changed_at = app_now() where id = $1) update messages set change = $2, body = 'changed ' || $2::text, edited_at = app_now() where conversation_id = $1 and seq = $2`, [old, change])
    planned.clear()
    t.match(await changeHealer.find(ctx, windowAt(change - 1)), [{ frame: { body: `changed ${change}` } }])
    t.same([...planned], [month])
    await realtime.heal()
    t.match(await peer.next('message:changed', { matches: (frame) => frame['conversationId'] === old && frame['change'] === change }), { seq: change })
  }
  await Promise.all([own.close(), peer.close()])
  const late = await connect(mitra)
  await late.close()
  // A backend that ends tells what it did.
  await app.db.terminateBackends()
  const touched = async () => [...await reads()].filter(([name, count]) => count > before.get(name)!).map(([name]) => name)
  const names = await eventually(async () => {
    const counted = await touched()
    return counted.length >= 2 ? counted : undefined
  }, 'the statistics are there', { timeoutMs: 60_000 })
  t.same(names.toSorted(), ['messages_back_0', month])
})

/** The same database; notes which partitions the plan of each raw statement names. */
function explaining(ctx: Ctx): { ctx: Ctx; planned: Set<string> } {
  const planned = new Set<string>()
  const execute = (handle: Queryable) => async (query: SQL) => {
    const { rows } = await handle.execute<{ 'QUERY PLAN': string }>(sql`explain (costs off) ${query}`)
    for (const [name] of rows.map((row) => row['QUERY PLAN']).join('\n').matchAll(/\bmessages_(back_\d+|default|\d{4}_\d\d)\b(?!_)/g)) planned.add(name)
    return handle.execute(query)
  }
  const wrap = <Handle extends Queryable>(handle: Handle): Handle => new Proxy(handle, {
    get(target, name) {
      if (name === 'execute') return execute(target)
      if (name === 'transaction') return (work: (tx: Transaction) => Promise<unknown>, config?: Parameters<Sql['transaction']>[1]) => target.transaction((tx) => work(wrap(tx)), config)
      return Reflect.get(target, name)
    },
  })
  return { ctx: { ...ctx, sql: wrap(ctx.sql) }, planned }
}

t.test('what every message changes is changed in place', async (t) => {
  const app = await startTestApp(t, { replicas: 1, simulators: false })
  const { customer, mitra, conversationId } = await pairUp(app)
  const [own, peer] = await Promise.all([connect(customer), connect(mitra)])
  for (let n = 1; n <= 150; n++) {
    own.send(sendOf(conversationId, `n${n}`))
    await peer.next('message:received')
    peer.send({ type: n % 2 === 0 ? 'message:read' : 'message:delivered', conversationId, seq: n })
    if (n % 2 === 0) await own.next('message:read')
  }
  await Promise.all([own.close(), peer.close()])
  await app.db.terminateBackends()
  const updates = async (table: string) => (await app.query<{ all: number; hot: number }>('select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = $1', [table]))[0]!
  for (const table of ['conversations', 'conversation_members']) {
    const { all, hot } = await eventually(async () => {
      const counted = await updates(table)
      return counted.all >= 140 ? counted : undefined
    }, `the updates of ${table} are counted`, { timeoutMs: 60_000 })
    t.ok(hot >= 0.95 * all, `${table}: ${hot} of ${all}`)
  }
})

t.test('the migration keeps what is there, and can be run again from wherever it was cut off', async (t) => {
  const database = await createEmptyDatabase()
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
  t.after(async () => {
    await owner.end()
    await database.drop()
  })
  const migration = readMigrations().find(({ name }) => name === 'message_partitions')!
  for (const { sql, version } of readMigrations()) if (version < migration.version) await owner.query(sql)
  await owner.query(`grant select, insert, update, delete on all tables in schema public to ${APP_ROLE}`)
  const id = v7()
  await owner.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) select $1, n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'halo ' || n from generate_series(1, 50) n`, [id])
  const app = new pg.Client({ connectionString: database.url })
  await app.connect()
  const statements = splitStatements(migration.sql)
  for (let cut = 1; cut <= statements.length; cut++) {
    for (const statement of statements.slice(0, cut)) await owner.query(statement)
    await app.query({
      name: 'kept', text: 'insert into messages (conversation_id, seq, id, client_id, sender_id, body) values ($1, $2, $3, $3, $3, $4)',
      values: [id, 50 + cut, randomUUID(), 'the application goes on, with its plans'],
    })
  }
  await app.end()
  const { rows } = await owner.query('select count(*)::int as messages, count(*) filter (where tableoid = $1::regclass)::int as first from messages', ['messages_first'])
  t.same(rows, [{ messages: 50 + statements.length, first: 50 + statements.length }])
  await t.rejects(owner.query('insert into messages select * from messages where seq = 1'), { code: '23505' })
})
