import { randomUUID } from 'node:crypto'
import { Redis } from 'iovalkey'
import pg from 'pg'
import { call } from '../app.ts'
import { stage } from '../stage.ts'
import { eventually } from '../wait.ts'
import { sumOf, type Scrape } from './scrapes.ts'
import { INSTANCES, NOTHING, type Stand } from './stand.ts'

/** What goes wrong, what the scrape after it must show before it is judged, and which alerts must then fire; may be met again once it is mended. */
export type Fault = {
  what: string
  fires: readonly string[]
  /** What may follow from it, or not. */
  may?: readonly string[]
  /** What was measured goes on growing, and does not only stay. */
  grows?: boolean
  inject: (stand: Stand) => Promise<unknown>
  /** What was measured; no longer so once it is mended. Undefined: nobody answered the scrape. */
  shows?: (now: Scrape | undefined) => boolean
  /** What was counted since; that stays. */
  counts?: (now: Scrape | undefined, before: Scrape) => boolean
  mend?: (stand: Stand) => Promise<unknown>
}

/** What only says that something takes long: a machine that is busy elsewhere says it too. */
export const TIMES = ['SlowAnswers', 'LatencyBudgetBurnsFast', 'LatencyBudgetBurns', 'SlowAcks', 'EventLoopLag', 'PoolWaits', 'ProviderSlow', 'JobsLost']
const UPTIME = ['UptimeBudgetBurnsFast', 'UptimeBudgetBurns']
const ERRORS = ['HighErrorRate', 'ErrorBudgetBurnsFast', 'ErrorBudgetBurns']
const many = (count: number, act: (index: number) => Promise<unknown>) => Promise.allSettled(Array.from({ length: count }, (_, index) => act(index)))
const is = (name: string, labels: Record<string, string>, test: (value: number) => boolean) => (now: Scrape | undefined) => now !== undefined && test(sumOf(now, name, labels))
const counted = (name: string, labels: Record<string, string>, least: number) => (now: Scrape | undefined, before: Scrape) => now !== undefined && sumOf(now, name, labels) - sumOf(before, name, labels) >= least
const some = (value: number) => value > 0

/** Rows that stand in the outbox; due and claimed relative to now, in seconds. */
const outboxRow = (row: { due: string; claimed?: string; parked?: boolean }, times = 1) => `
  insert into outbox (id, topic, payload, due_at, claimed_until, parked_at)
  select gen_random_uuid(), '${NOTHING}', '{}', app_now() + interval '${row.due}', ${row.claimed === undefined ? 'null' : `app_now() + interval '${row.claimed}'`}, ${row.parked === true ? 'app_now()' : 'null'} from generate_series(1, ${times})`
const inboxRow = (state: 'received' | 'parked') => `
  insert into provider_inbox (id, provider, kind, body_sha256, body, state, received_at, due_at, settled_at)
  select gen_random_uuid(), 'xendit', 'test', sha256(gen_random_uuid()::text::bytea), '{}', '${state}', app_now() - interval '10 minutes', app_now() + interval '1 hour', ${state === 'parked' ? 'app_now()' : 'null'}`
const pushRow = 'insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at, state, settled_at, priority, due_at, claimed_until)'
const forget = (table: string, where: string) => ({ app }: Stand) => app.query(`delete from ${table} where ${where}`)
const suspense = `insert into suspense_items (id, amount_idr, reason) values (gen_random_uuid(), 1000, 'underpaid')`
// Whoever was at it when Postgres went away holds its lease for minutes.
const due = ({ app }: Stand, what: string) => app.query('update timetable set due_at = app_now(), claimed_until = null where what = $1', [what])
const withConnection = async ({ app }: Stand, work: (client: pg.Client) => Promise<unknown>) => {
  const client = new pg.Client({ connectionString: app.db.ownerUrl })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
const take = (ms: number) => {
  const startedAtMs = performance.now()
  return eventually(() => performance.now() - startedAtMs > ms, 'so long')
}

export const FAULTS: readonly Fault[] = [
  { what: 'every request fails', fires: ERRORS, inject: ({ ask }) => many(20, () => ask('broken')) },
  { what: 'answers take more than a second', fires: ['SlowAnswers', 'LatencyBudgetBurnsFast', 'LatencyBudgetBurns'], inject: ({ ask }) => many(20, () => ask('slow')) },
  {
    what: 'nobody answers the scrape', fires: ['ReplicaDown', 'ServiceDown', ...UPTIME],
    inject: async ({ toInternal }) => toInternal.forEach((way) => way.cut()), shows: (now) => now === undefined, mend: async ({ toInternal }) => toInternal.forEach((way) => way.open()),
  },
  {
    what: 'Postgres is away', fires: ['PostgresAway', 'ReplicaNotReady', 'SweepsFailing', 'MessagesNotStored', ...UPTIME], may: [...ERRORS, 'JobErrors', 'MirrorDrift'],
    async inject({ toPostgres, say }) {
      toPostgres.cut()
      await say('nobody stores it')
    },
    shows: is('postgres_up', {}, (value) => value === 0),
    counts: (now, before) => counted('message_sends_total', { outcome: 'not_ready' }, 1)(now, before) && counted('sweep_errors_total', { what: 'outbox-age' }, 2)(now, before),
    async mend({ toPostgres, say }) {
      toPostgres.open()
      await eventually(async () => (await say('is it back?')) === 'message:ack', 'messages are stored again')
    },
  },
  {
    what: 'Valkey answers nothing', fires: ['ValkeyAway'], may: ['SweepsFailing', 'PublishesLost', 'MirrorDrift'],
    inject: async ({ toValkey }) => toValkey.blackhole(), shows: is('valkey_up', {}, (value) => value === 0), mend: async ({ toValkey }) => toValkey.open(),
  },
  {
    what: 'the schema is newer than the code', fires: ['SchemaOutOfRange', 'ReplicaNotReady', ...UPTIME],
    inject: ({ app }) => app.query(`insert into schema_migrations (version, name, checksum, duration_ms) values (9999, 'of tomorrow', '', 0)`),
    shows: is('service_ready', {}, (value) => value === 0), mend: forget('schema_migrations', 'version = 9999'),
  },
  {
    what: 'the container allows hardly more than what is used', fires: ['MemoryHigh'],
    async inject() {
      const constrainedMemory = process.constrainedMemory.bind(process)
      process.constrainedMemory = () => process.memoryUsage.rss()
      unlimit = () => (process.constrainedMemory = constrainedMemory)
    },
    shows: is('memory_limit_bytes', {}, some), mend: async () => unlimit(),
  },
  {
    // Again and again: a scrape tells of the time since the one before it, and is not judged where something else was slow meanwhile.
    what: 'the event loop stands still', fires: ['EventLoopLag'], may: ['ValkeyAway'],
    async inject() {
      standing = setInterval(() => {
        for (const untilMs = performance.now() + 350; performance.now() < untilMs;);
      }, 400).unref()
    },
    shows: is('nodejs_eventloop_lag_p99_seconds', {}, (value) => value > 0.25 * INSTANCES.length), mend: async () => clearInterval(standing),
  },
  {
    what: 'all connections are taken', fires: ['PoolWaits'], may: ['ReplicaNotReady', 'PostgresAway', ...UPTIME],
    inject: ({ app }) => many(32, () => app.replicas[0]!.ctx.pool.query('select pg_sleep(0.6)')), shows: (now) => now !== undefined,
  },
  { what: 'a conversation is held locked', fires: ['SlowAcks'], inject: (stand) => withConnection(stand, async (client) => {
    await client.query('begin')
    await client.query('select from conversations where id = $1 for update', [stand.conversationId])
    const said = stand.say('late')
    await take(1300)
    await client.query('commit')
    await said
  }) },
  {
    what: 'Valkey refuses to publish', fires: ['PublishesLost'], may: ['ValkeyAway'],
    async inject({ app, scene, conversationId }) {
      await onValkey(app.valkey.url, (valkey) => valkey.call('ACL', 'SETUSER', 'default', '-publish'))
      // Of another replica than the one on which the customer's socket is.
      await many(12, () => scene.mitra.on(1).call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'not told by Valkey' } }))
    },
    counts: counted('realtime_healed_total', {}, 10),
    mend: ({ app }) => onValkey(app.valkey.url, (valkey) => valkey.call('ACL', 'SETUSER', 'default', '+publish')),
  },
  { what: 'a worker hangs with its row', fires: ['OutboxStuck'], inject: ({ app }) => app.query(outboxRow({ due: '-10 minutes', claimed: '1 hour' })), shows: is('outbox_oldest_seconds', {}, (value) => value > 60), mend: forget('outbox', 'claimed_until > app_now() and done_at is null') },
  { what: 'a row of the outbox is given up', fires: ['OutboxParked'], inject: ({ app }) => app.query(outboxRow({ due: '-10 minutes', parked: true })), shows: is('outbox_rows', { state: 'parked' }, some), mend: forget('outbox', 'parked_at is not null') },
  { what: 'a webhook is not applied', fires: ['WebhooksUnapplied'], inject: ({ app }) => app.query(inboxRow('received')), shows: is('inbox_oldest_seconds', {}, (value) => value > 300), mend: forget('provider_inbox', `kind = 'test'`) },
  { what: 'a webhook is parked', fires: ['WebhooksParked'], inject: ({ app }) => app.query(inboxRow('parked')), shows: is('inbox_rows', { state: 'parked' }, some), mend: forget('provider_inbox', `kind = 'test'`) },
  { what: 'webhooks come with a wrong token', fires: ['WebhooksRefused'], inject: ({ app }) => many(5, () => call(app.url, 'POST', '/webhooks/xendit/invoice', { headers: { 'x-callback-token': 'wrong' }, body: {} })) },
  { what: 'jobs fail', fires: ['JobErrors'], inject: ({ app }) => many(5, async () => app.replicas[0]!.ctx.enqueue('outbox', 'no id')), counts: counted('job_errors_total', { queue: 'outbox' }, 5) },
  {
    what: 'workers are killed with their jobs', fires: ['JobsStalled'],
    inject: ({ app }) => onValkey(app.valkey.url, (valkey) => valkey.zadd('jobs:outbox:failed', ...Array.from({ length: 12 }, (_, index) => [Date.now(), `lost-${index}`]).flat())),
    shows: is('queue_jobs', { queue: 'outbox', state: 'failed' }, (value) => value > 10), mend: ({ app }) => onValkey(app.valkey.url, (valkey) => valkey.del('jobs:outbox:failed')),
  },
  { what: 'nobody sets the jobs', fires: ['JobsLost'], inject: ({ app }) => app.query(outboxRow({ due: '-5 seconds' }, 50)), counts: counted('sweep_rescues_total', { what: 'outbox' }, 40) },
  {
    what: 'the mirror is spoilt', fires: ['MirrorDrift'],
    inject: ({ app }) => onValkey(app.valkey.url, (valkey) => valkey.sadd('mitras:online', randomUUID())), shows: is('mirror_drift', {}, some),
    // It heals itself.
    mend: async () => undefined,
  },
  {
    what: 'a balance is spoilt', fires: ['LedgerDrift'],
    async inject(stand) {
      await stand.app.query(`insert into ledger_balances (account, balance_idr) values ($1, 7)`, [`mitra_payable:${randomUUID()}`])
      await due(stand, 'ledger-check')
    },
    shows: is('ledger_drift_idr', {}, some),
    async mend(stand) {
      await stand.app.query('delete from ledger_balances where balance_idr = 7')
      await due(stand, 'ledger-check')
    },
  },
  {
    what: 'the books are not checked', fires: ['LedgerUnchecked'],
    inject: ({ app, scrape }) => eventually(async () => {
      await app.query(`update timetable set due_at = app_now() + interval '1 day' where what = 'ledger-check'`)
      await app.query(`update ledger_checks set checked_at = app_now() - interval '3 hours'`)
      const now = await scrape()
      return now !== undefined && sumOf(now, 'ledger_check_age_seconds') > 7200
    }, 'nobody has checked the books'),
    mend: (stand) => due(stand, 'ledger-check'),
    shows: is('ledger_check_age_seconds', {}, (value) => value > 7200),
  },
  { what: 'money waits for staff', fires: ['MoneyNeedsStaff'], inject: ({ app }) => app.query(suspense), shows: is('money_needs_staff', { what: 'suspense' }, some), mend: forget('suspense_items', 'true') },
  { what: 'more and more of it does', grows: true, fires: ['MoneyNeedsStaff', 'MoneyNeedsStaffGrows'], inject: ({ app }) => app.query(suspense), shows: is('money_needs_staff', { what: 'suspense' }, some), mend: forget('suspense_items', 'true') },
  {
    what: 'the provider lists a payment that nobody asked for', fires: ['BooksDiffer', 'WebhooksParked'],
    async inject(stand) {
      const { control } = stand.app.simulators
      control.setFaults({ xendit: { webhooks: { drop: 1 } } })
      await control.xendit.pay(control.xendit.create({ external_id: randomUUID(), amount: 25_000 }).id)
      control.resetFaults()
      await due(stand, 'reconcile')
    },
    shows: is('inbox_rows', { state: 'parked' }, some), counts: counted('reconciliation_differences_total', { outcome: 'parked' }, 1),
    mend: ({ app }) => app.query(`update provider_inbox set state = 'applied' where state = 'parked'`),
  },
  {
    what: 'the payment provider answers 500', fires: ['ProviderFails'],
    async inject({ app }) {
      app.simulators.control.setFaults({ xendit: { api: { error: 500 } } })
      await many(10, () => app.replicas[0]!.ctx.gateways.payments.getInvoice('any'))
    },
    mend: async ({ app }) => app.simulators.control.resetFaults(),
  },
  {
    what: 'the payment provider takes its time', fires: ['ProviderSlow'],
    async inject({ app }) {
      app.simulators.control.setFaults({ xendit: { api: { delayMs: 2700 } } })
      await many(10, () => app.replicas[0]!.ctx.gateways.statements.balanceIdr())
    },
    mend: async ({ app }) => app.simulators.control.resetFaults(),
  },
  {
    what: 'FCM refuses our pushes', fires: ['PushesFail', 'ProviderFails'],
    async inject({ app, owner }) {
      app.simulators.control.fcm.setToken(`phone-${owner.id}`, 'third-party-auth')
      const rows = await app.query<{ id: string }>(`insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at)
        select gen_random_uuid(), $1, 'session', 'tag', 'Title', 'Body', '{}', gen_random_uuid()::text, app_now() + interval '1 hour' from generate_series(1, 5) n returning id`, [owner.id])
      for (const { id } of rows) app.replicas[0]!.ctx.enqueue('pushes', id)
    },
    counts: counted('pushes_total', {}, 5), mend: async ({ app, owner }) => app.simulators.control.fcm.setToken(`phone-${owner.id}`, null),
  },
  {
    what: 'nobody takes a crisis', fires: ['CrisisWaits'],
    inject: ({ app, scene, conversationId }) => app.query(`insert into safety_cases (id, kind, session_id, conversation_id, subject_id, acknowledge_by) values (gen_random_uuid(), 'crisis', $1, $2, $3, app_now() + interval '1 hour')`, [scene.sessionId, conversationId, scene.customer.id]),
    shows: is('safety_crisis_waiting', {}, some), mend: forget('safety_cases', 'true'),
  },
  {
    what: 'a customer waits', fires: ['CustomersWait'],
    async inject({ app }) {
      const { sessionId } = await stage(app, 'queued')
      await app.query(`update chat_sessions set queued_at = queued_at - interval '1 hour' where id = $1`, [sessionId])
    },
    shows: is('customers_waiting_oldest_seconds', {}, (value) => value > 1800),
    mend: ({ app }) => app.query(`update chat_sessions set queued_at = queued_at + interval '1 hour' where state = 'queued'`),
  },
  {
    what: 'maintenance that nobody ended', fires: ['LeftClosed'],
    inject: ({ app, ask, scrape }) => eventually(async () => {
      await app.query(`insert into settings (key, value) values ('maintenance', 'true') on conflict (key) do update set value = excluded.value`)
      await many(5, () => ask('well'))
      const now = await scrape()
      return now !== undefined && sumOf(now, 'switch_closed', { what: 'maintenance' }) === INSTANCES.length
    }, 'every replica knows of the maintenance'),
    mend: forget('settings', `key = 'maintenance'`), shows: is('switch_closed', {}, some),
  },
  { what: 'the machine is half a minute off', fires: ['ClockSkew'], inject: ({ app }) => app.clock.advance(30), mend: ({ app }) => app.clock.advance(-30) },
  {
    what: 'letters fail', fires: ['LettersFail'],
    inject: ({ app, owner }) => app.query(`insert into letters (id, user_id, channel, kind, template, dedupe_key, subject, text, expires_at, tries)
      select gen_random_uuid(), $1, 'email', 'account', 'test', gen_random_uuid()::text, 'Subject', 'Words', app_now() + interval '1 hour', 3 from generate_series(1, 5) n`, [owner.id]),
    counts: counted('letters_total', { result: 'too_many_tries' }, 5),
  },
  {
    what: 'a worker hangs with an urgent push', fires: ['UrgentPushesWait'],
    inject: ({ app, owner }) => app.query(`${pushRow} select gen_random_uuid(), $1, 'offer', 'tag', 'Title', 'Body', '{}', 'test:urgent', app_now() + interval '1 hour', 'queued', null, 0, app_now() - interval '1 minute', app_now() + interval '1 hour'`, [owner.id]),
    shows: is('push_oldest_seconds', { priority: 'urgent' }, (value) => value > 15), mend: forget('pushes', `dedupe_key = 'test:urgent'`),
  },
  {
    what: 'an urgent push waits because staff closed pushes', fires: [], may: ['LeftClosed'],
    inject: ({ app, owner, scrape }) => eventually(async () => {
      await app.query(`insert into settings (key, value) values ('pushesClosed', 'true') on conflict (key) do update set value = excluded.value`)
      await app.query(`${pushRow} select gen_random_uuid(), $1, 'offer', 'tag', 'Title', 'Body', '{}', 'test:closed', app_now() + interval '1 hour', 'queued', null, 0, app_now() - interval '1 minute', app_now() + interval '1 hour' on conflict do nothing`, [owner.id])
      const now = await scrape()
      return now !== undefined && sumOf(now, 'switch_closed', { what: 'pushesClosed' }) === INSTANCES.length
    }, 'every replica knows that pushes are closed'),
    shows: is('push_oldest_seconds', { priority: 'urgent' }, (value) => value > 15), mend: forget('pushes', `dedupe_key = 'test:closed'`),
  },
  { what: 'pushes are open again', fires: [], may: ['LeftClosed'], inject: forget('settings', `key = 'pushesClosed'`), shows: is('switch_closed', {}, (value) => value === 0) },
  {
    what: 'phones tell of what they got', fires: [],
    async inject({ app, owner }) {
      const rows = await app.query<{ id: string }>(`${pushRow} select gen_random_uuid(), $1, 'session', 'tag', 'Title', 'Body', '{}', gen_random_uuid()::text, app_now(), 'sent', app_now(), 2, app_now(), null from generate_series(1, 30) n returning id`, [owner.id])
      await owner.call('POST', '/api/v1/notifications/acks', { body: { items: rows.map(({ id }) => ({ pushId: id, event: 'delivered' })) } })
    },
    counts: counted('push_acks_total', { event: 'delivered' }, 30),
  },
  {
    what: 'pushes are accepted, and none arrives', fires: ['PushesUnseen'],
    async inject({ app, owner }) {
      const rows = await app.query<{ id: string }>(`${pushRow} select gen_random_uuid(), $1, 'session', 'tag', 'Title', 'Body', '{}', gen_random_uuid()::text, app_now() + interval '1 hour', 'queued', null, 2, app_now(), null from generate_series(1, 10) n returning id`, [owner.id])
      for (const { id } of rows) app.replicas[0]!.ctx.enqueue('pushes', id)
    },
    counts: counted('pushes_total', { result: 'sent' }, 10),
  },
]

let unlimit = (): unknown => undefined
let standing: NodeJS.Timeout | undefined

async function onValkey(url: string, work: (valkey: Redis) => Promise<unknown>): Promise<void> {
  const valkey = new Redis(url)
  await work(valkey).finally(() => valkey.disconnect())
}
