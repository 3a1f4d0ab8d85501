import t from 'tap'
import { randomUUID } from 'node:crypto'
import { startCluster, type Cluster } from '../../testing/cluster.ts'
import { testEnv } from '../../testing/env.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { createSettings } from '../../platform/settings.ts'
import { createWorld } from '../../world.ts'
import { notify } from '../notifications/index.ts'
import { hashAddress, sealAddress } from './addresses.ts'

const PEOPLE = 40
/** As many as are called at once. */
const AT_ONCE = 4
const KILLS = 2
/** Longer than a claim is held. */
const LEASE_SECONDS = 61

type Person = { id: string; email: string; phone: string }

/** People with a proven address and a number who want alerts by SMS, made in the database. */
async function makePeople(cluster: Cluster): Promise<Person[]> {
  const env = testEnv({ DATABASE_URL: cluster.db.url, VALKEY_URL: cluster.valkey.url })
  const people = Array.from({ length: PEOPLE }, (_, index) => ({ id: randomUUID(), email: `surat${index}@surat.example`, phone: `+6281200${String(index).padStart(6, '0')}` }))
  const ids = people.map(({ id }) => id)
  await cluster.query(`insert into users (id, kind, phone_hash, phone_prefix, phone_encrypted) select id, 'customer', sha256(id::text::bytea), '+6281200', phone from unnest($1::uuid[], $2::bytea[]) p(id, phone)`,
    [ids, people.map(({ phone }) => secretsOf(env).encryption.encrypt(phone, 'phone'))])
  await cluster.query('insert into email_addresses (user_id, address_hash, address_encrypted) select * from unnest($1::uuid[], $2::bytea[], $3::bytea[])',
    [ids, people.map(({ email }) => hashAddress(env, email)), people.map(({ email }) => sealAddress(env, email))])
  await cluster.query(`insert into notification_preferences (user_id, choices) select id, '{"security_alert.sms": true}' from unnest($1::uuid[]) id`, [ids])
  return people
}

async function tellAll(t: { after(end: () => Promise<void>): void }, cluster: Cluster, people: readonly Person[]): Promise<void> {
  const world = createWorld(testEnv({ DATABASE_URL: cluster.db.url, VALKEY_URL: cluster.valkey.url }), { processMetrics: false, applicationName: 'letters' })
  t.after(() => world.close())
  await transact({ ...world.ctx, settings: createSettings({}) }, (tx) => notify(tx, people.map(({ id }) => ({ userId: id, template: 'security.new_sign_in', dedupeKey: `alert:${id}`, variables: { at: '2026-03-01T05:00:00Z' } }))))
}

const lettersOf = (cluster: Cluster) => cluster.query<{ channel: string; state: string; attempts: number; tries: number }>('select channel, state, attempts, tries from letters')

t.test('workers that are killed while a mail server and a provider of SMS have letters in hand: each arrives, none more often than the kills make it', async (t) => {
  const cluster = await startCluster(t, { replicas: 1, letters: true, settings: { sweepMs: 200 } })
  const { control } = cluster.simulators
  const people = await makePeople(cluster)
  // Both have taken what they were given, and never say so.
  control.setFaults({ mail: { fault: 'hold' }, sms: { api: { error: 'hang', afterEffect: true } } })
  await tellAll(t, cluster, people)
  for (let kill = 0, [mails, messages] = [0, 0]; kill < KILLS; kill++) {
    await eventually(() => control.calls('smtp.data') >= mails + AT_ONCE && control.calls('sms.send') >= messages + AT_ONCE, 'letters of both channels are under way')
    await cluster.replicas[kill]!.kill('SIGKILL')
    t.ok((await lettersOf(cluster)).some(({ state, tries }) => state === 'queued' && tries > 0), 'it held some when it died')
    control.mail.release()
    await cluster.db.clock.advance(LEASE_SECONDS)
    ;[mails, messages] = [control.calls('smtp.data'), control.calls('sms.send')]
    if (kill === KILLS - 1) control.resetFaults()
    await cluster.startReplica(kill + 1)
  }
  await eventually(async () => (await lettersOf(cluster)).every(({ state }) => state !== 'queued'), 'none is left', { timeoutMs: 60_000 })
  const letters = await lettersOf(cluster)
  t.equal(letters.length, PEOPLE * 2)
  t.same([...new Set(letters.map(({ state }) => state))], ['sent'])
  for (const { email, phone } of people) {
    const mails = control.mail.messages(email)
    if (mails.length < 1 || mails.length > 1 + KILLS || new Set(mails.map(({ messageId }) => messageId)).size !== 1) t.fail(`${email}: ${mails.length} mails`)
    if (control.sms.messages(phone).length !== 1) t.fail(`${phone}: ${control.sms.messages(phone).length} SMS`)
  }
  t.same(await cluster.query('select count(*)::int as rows, count(distinct user_id)::int as people from notifications'), [{ rows: PEOPLE, people: PEOPLE }], 'the inbox has each once')
})

t.test('a replica that is asked to stop begins no letter any more, and those that a slow mail server has in hand come once', async (t) => {
  const cluster = await startCluster(t, { replicas: 1, letters: true, settings: { sweepMs: 200 }, env: { DRAIN_SECONDS: '10' } })
  const { control } = cluster.simulators
  const [leaving] = cluster.replicas
  const people = await makePeople(cluster)
  control.setFaults({ mail: { fault: 'hold' } })
  await tellAll(t, cluster, people.slice(0, AT_ONCE * 3))
  await eventually(() => control.calls('smtp.data') === AT_ONCE, 'some are under way')
  const ended = leaving!.kill('SIGTERM')
  await eventually(async () => (await fetch(`${leaving!.url}/ready`)).status !== 200, 'it leaves')
  control.resetFaults()
  control.mail.release()
  t.equal(await ended, 0)
  t.same((await lettersOf(cluster)).filter(({ channel }) => channel === 'email').map(({ state, attempts }) => `${state} ${attempts}`).toSorted(),
    [...Array.from({ length: AT_ONCE * 2 }, () => 'queued 0'), ...Array.from({ length: AT_ONCE }, () => 'sent 1')])
  t.equal(control.mail.messages().length, AT_ONCE)
  await cluster.startReplica(1)
  await eventually(() => control.mail.messages().length === AT_ONCE * 3, 'whoever comes next sends the rest')
  await eventually(async () => (await lettersOf(cluster)).every(({ state }) => state === 'sent'), 'and none is left')
  t.equal(control.mail.messages().length, AT_ONCE * 3)
})
