import t from 'tap'
import { transact } from '../../platform/database.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { appendAudit, listAudit, verifyAudit, type AuditPosition } from './index.ts'

const ROWS = 25

async function appWithChain(t: Parameters<typeof startTestApp>[0]): Promise<{ app: TestApp; ctx: Ctx }> {
  // Nobody else verifies the chain while it is taken apart.
  const app = await startTestApp(t, { simulators: false, worker: { housekeeping: false, timed: false } })
  const { ctx } = app.replicas[0]!
  for (let index = 1; index <= ROWS; index++) {
    await transact(ctx, (tx) => appendAudit(tx, {
      actorKind: 'staff', actorId: ctx.ids.next(), act: 'test.done', targetType: 'thing', targetId: `thing-${index}`, reason: `because ${index}`,
      details: { b: index, a: { d: [1, null, 'ü'], c: 1e21 }, nothing: undefined }, requestId: 'request-1', ip: '127.0.0.1',
    }))
  }
  return { app, ctx }
}

t.test('whatever is done to a row behind the back of the service, the verifier names it', async (t) => {
  const { app, ctx } = await appWithChain(t)
  t.match(await verifyAudit(ctx.sql), { ok: true, checked: ROWS, headSeq: ROWS }, 'untouched')
  t.match(await verifyAudit(ctx.sql, { pageSize: 5 }), { ok: true, checked: ROWS }, 'in pages that end exactly with the chain')
  t.match(await verifyAudit(ctx.sql, { pageSize: 7 }), { ok: true, checked: ROWS }, 'in pages that don’t')

  const tampered = async (statements: string[]) => {
    await app.query('create table audit_log_kept as select * from audit_log')
    await app.query('create table audit_head_kept as select * from audit_head')
    await app.query('alter table audit_log disable trigger user')
    for (const statement of statements) await app.query(statement)
    const verdict = await verifyAudit(ctx.sql, { pageSize: 7 })
    await app.query('truncate audit_log, audit_head')
    await app.query('insert into audit_log select * from audit_log_kept')
    await app.query('insert into audit_head select * from audit_head_kept')
    await app.query('drop table audit_log_kept, audit_head_kept')
    await app.query('alter table audit_log enable trigger user')
    return verdict
  }

  const flips = [
    `reason = reason || '.'`, `act = 'test.donE'`, `details = jsonb_set(details, '{b}', '99')`, `details = details - 'b'`, `at = at + interval '1 microsecond'`,
    `actor_id = gen_random_uuid()`, `actor_kind = 'system'`, `target_id = null`, `target_type = ''`, `ip = '127.0.0.2'`, `request_id = null`, `id = gen_random_uuid()`,
  ]
  for (const flip of flips) {
    t.match(await tampered([`update audit_log set ${flip} where seq = 12`]), { ok: false, brokenSeq: 12, problem: 'content' }, `flipped: ${flip}`)
  }
  t.match(await tampered(['update audit_log set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where seq = 12']), { ok: false, brokenSeq: 12, problem: 'content' }, 'one bit of a hash')
  t.match(await tampered(['update audit_log set prev_hash = set_byte(prev_hash, 31, get_byte(prev_hash, 31) # 1) where seq = 12']), { ok: false, brokenSeq: 12, problem: 'chain' }, 'one bit of the hash before')
  t.match(await tampered(['delete from audit_log where seq = 12']), { ok: false, brokenSeq: 12, problem: 'missing' }, 'deleted in the middle')
  t.match(await tampered(['delete from audit_log where seq = 1']), { ok: false, brokenSeq: 1, problem: 'missing' }, 'the first deleted')
  t.match(await tampered(['delete from audit_log where seq = 12', 'update audit_log set seq = seq - 1 where seq > 12']), { ok: false, brokenSeq: 12 }, 'deleted and the gap closed')
  t.match(
    await tampered(['update audit_log set seq = -1 where seq = 12', 'update audit_log set seq = 12 where seq = 13', 'update audit_log set seq = 13 where seq = -1']),
    { ok: false, brokenSeq: 12 }, 'two swapped',
  )
  t.match(await tampered([`delete from audit_log where seq > ${ROWS - 3}`]), { ok: false, brokenSeq: ROWS - 2, problem: 'missing' }, 'the tail cut off')
  t.match(await tampered(['truncate audit_log']), { ok: false, brokenSeq: 1, problem: 'missing' }, 'everything truncated')
  t.match(
    await tampered([`delete from audit_log where seq = ${ROWS}`, `update audit_head set seq = ${ROWS - 1}`]),
    { ok: false, brokenSeq: ROWS - 1, problem: 'head' }, 'the tail cut off and the head set back',
  )
  t.match(await tampered(['insert into audit_log select 0, gen_random_uuid(), at, actor_kind, actor_id, act, target_type, target_id, reason, details, request_id, ip, prev_hash, hash from audit_log where seq = 1']), { ok: false, brokenSeq: 0, problem: 'unexpected' }, 'a row put before the first')
  t.match(await tampered([`update audit_head set seq = ${ROWS - 1}, hash = (select hash from audit_log where seq = ${ROWS - 1})`]), { ok: false, brokenSeq: ROWS, problem: 'unexpected' }, 'a row after the head')
  t.match(await verifyAudit(ctx.sql), { ok: true }, 'whole again')
})

t.test('a long chain is verified a stretch at a time, each hanging on the hash of the one before', async (t) => {
  const { app, ctx } = await appWithChain(t)
  const stretch = (from?: AuditPosition) => verifyAudit(ctx.sql, { pageSize: 5, most: 10, from })
  const nextOf = async (from?: AuditPosition) => {
    const verdict = await stretch(from)
    return verdict.ok ? verdict.next : undefined
  }
  const first = (await nextOf())!
  t.equal(first.seq, 10)
  const second = (await nextOf(first))!
  t.match(await stretch(second), { ok: true, checked: ROWS, headSeq: ROWS, next: undefined })
  t.match(await stretch({ seq: 10, hash: Buffer.alloc(32, 1) }), { ok: false, brokenSeq: 11, problem: 'chain' }, 'another row ten')
  t.match(await stretch({ seq: 900, hash: first.hash }), { ok: false }, 'behind the end')
  await app.query('alter table audit_log disable trigger user')
  await app.query(`update audit_log set reason = 'another' where seq = 17`)
  t.match(await stretch(first), { ok: false, checked: 16, brokenSeq: 17, problem: 'content' })
  await app.query('delete from audit_log where seq > 10')
  t.match(await stretch(first), { ok: false, checked: 10, brokenSeq: 11, problem: 'missing' }, 'cut off between two stretches')
})

t.test('days are bounds of the chain, in Asia/Jakarta', async (t) => {
  const { app, ctx } = await appWithChain(t)
  await app.query('alter table audit_log disable trigger user')
  await app.query(`update audit_log set at = timestamptz '2026-03-01T16:59:59Z' + case when seq > 10 then interval '1 second' else interval '0' end + case when seq > 20 then interval '1 day' else interval '0' end`)
  const seqs = async (fromDay?: string, toDay?: string) => (await listAudit(ctx.sql, { fromDay, toDay, limit: 100 })).map((row) => row.seq)
  const range = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index)
  t.same(await seqs('2026-03-01', '2026-03-01'), range(10, 1))
  t.same(await seqs('2026-03-02', '2026-03-02'), range(20, 11))
  t.same(await seqs('2026-03-02'), range(25, 11))
  t.same(await seqs(undefined, '2026-03-02'), range(20, 1))
  t.same([await seqs('2026-03-04'), await seqs(undefined, '2026-02-01')], [[], []])
})

t.test('rows of the chain can be neither changed nor removed', async (t) => {
  const { app, ctx } = await appWithChain(t)
  for (const statement of ['update audit_log set reason = null', 'delete from audit_log', 'truncate audit_log']) {
    await t.rejects(ctx.pool.query(statement), `the service: ${statement}`)
    await t.rejects(app.query(statement), /append-only/, `the owner: ${statement}`)
  }
  t.match(await verifyAudit(ctx.sql), { ok: true })
})

t.test('forty acts at once make one chain, and a rolled back act leaves no row', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2 })
  const appends = Array.from({ length: 40 }, (_, index) => {
    const { ctx } = app.replicas[index % 2]!
    return transact(ctx, async (tx) => {
      const seq = await appendAudit(tx, { actorKind: 'system', act: 'test.done', details: { index } })
      if (index % 10 === 0) throw new Error('rolled back')
      return seq
    })
  })
  const settled = await Promise.allSettled(appends)
  const seqs = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  t.strictSame(seqs.toSorted((a, b) => a - b), Array.from({ length: 36 }, (_, index) => index + 1), 'dense')
  const { ctx } = app.replicas[0]!
  t.match(await verifyAudit(ctx.sql), { ok: true, checked: 36 })
  const newest = await listAudit(ctx.sql, { limit: 100 })
  const times = newest.map((row) => row.at.getTime())
  t.strictSame(times, times.toSorted((a, b) => b - a), 'times grow along the chain')
})
