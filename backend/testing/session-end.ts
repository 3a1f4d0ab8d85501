import { Redis } from 'iovalkey'
import type { Cluster } from './cluster.ts'
import { createActs } from './crash-acts.ts'
import { castFlow, comeToRest } from './crash-run.ts'
import { findUnrest } from './final-state.ts'
import { eventually } from './wait.ts'

const SESSIONS = 3
const ENDS_IN_SECONDS = 1

/**
 * The end of some sessions falls into a time when one replica is killed, the other stopped and Valkey wiped. Answers how
 * many seconds after the recovery the last of them ended (by Postgres' time), and what is wrong.
 */
export async function surviveTheEnd(cluster: Cluster): Promise<{ lateSeconds: number; wrong: string[] }> {
  const ids = await openSessions(cluster)
  const soon = 'update chat_sessions set ends_at = app_now() + make_interval(secs => $2), due_at = app_now() + make_interval(secs => $2), version = version + 1 where id = any($1)'
  await cluster.replicas[0]!.kill('SIGKILL')
  await cluster.replicas[1]!.kill('SIGSTOP')
  const valkey = new Redis(cluster.valkey.url)
  await valkey.flushall()
  valkey.disconnect()
  // Only now: on a busy machine they would have ended before everybody is stopped.
  await cluster.query(soon, [ids, ENDS_IN_SECONDS])
  await cluster.query('update conversations set writable_until = s.ends_at from chat_sessions s where s.conversation_id = conversations.id and s.id = any($1)', [ids])
  await eventually(async () => (await cluster.query('select 1 from chat_sessions where id = any($1) and ends_at > app_now() - make_interval(secs => 1)', [ids])).length === 0, 'the end has passed', { timeoutMs: 60_000 })
  const [before] = await cluster.query<{ now: Date; open: number }>('select app_now() as now, (select count(*)::int from chat_sessions where id = any($1) and ended_at is null) as open', [ids])
  await cluster.replicas[1]!.kill('SIGCONT')
  const restarted = cluster.startReplica(0)
  await eventually(async () => (await cluster.query(`select 1 from chat_sessions where id = any($1) and state <> 'ended'`, [ids])).length === 0, 'every session has ended', { timeoutMs: 60_000 })
  await restarted
  await comeToRest(cluster)
  const rows = await cluster.query<{ late: number; end_reason: string; settled: number; is_closed: boolean }>(`
    select extract(epoch from s.ended_at - $2)::float8 as late, s.end_reason, c.writable_until = s.ends_at as is_closed,
      (select count(*)::int from ledger_transactions l where l.session_id = s.id and l.flow = 'settlement') as settled
    from chat_sessions s join conversations c on c.id = s.conversation_id where s.id = any($1)`, [ids, before!.now])
  const wrong = [
    ...(before!.open === SESSIONS ? [] : ['a session ended while nobody was there to end it']),
    ...rows.flatMap((row) => [...(row.end_reason === 'time_up' ? [] : [row.end_reason]), ...(row.settled === 1 ? [] : [`settled ${row.settled} times`]), ...(row.is_closed ? [] : ['written to after its end'])]),
    ...(await findUnrest(cluster)),
  ]
  return { lateSeconds: Math.max(...rows.map((row) => row.late)), wrong }
}

async function openSessions(cluster: Cluster): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < SESSIONS; index++) {
    const acts = createActs(cluster, await castFlow(cluster))
    const sessionId = await acts.start()
    await acts.pay(sessionId)
    await acts.answer(acts.cast.mitra, 'accept')
    await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
    ids.push(sessionId)
  }
  return ids
}
