import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { areDigestsDue, claimDigests, findReach, isEmailed, planDigests, queueLetters } from '../channels/index.ts'
import { digestLetter, type Unread } from './digest-letter.ts'
import { judgeDigest, nextMorning } from './digest-times.ts'
import { reportFaults } from './notice-faults.ts'

/** Shown of one person's; the rest is counted. */
const ITEMS = 20
/** A notice bears the time of its statement and is seen from its commit on: what is younger than this waits for the next digest. */
const SETTLED_MS = 300_000
/** A week, and one morning that was missed: what is older is left to the app. */
const BACK_DAYS = 8

/** Whether there is anything for `sweepDigests`. */
export function areDigestsToWrite(ctx: Ctx): SQL {
  return ctx.gateways.mail.enabled ? areDigestsDue() : sql`false`
}

/**
 * Writes the digests that are due, each in the transaction that plans the next one: once a day, whoever dies. Every
 * address is looked at each morning of its person, so what they choose and where they live holds within a day. Does
 * nothing while there is no mail server; answers how many were due.
 */
export async function sweepDigests(ctx: Ctx, limit: number): Promise<number> {
  if (!ctx.gateways.mail.enabled) return 0
  return transact(ctx, (tx) => writeDue(tx, limit))
}

async function writeDue(tx: Tx, limit: number): Promise<number> {
  const claimed = await claimDigests(tx, limit)
  const [first] = claimed
  if (!first) return 0
  const { nowMs } = first
  const untilMs = nowMs - SETTLED_MS
  const reaches = await findReach(tx.sql, claimed.map(({ userId }) => userId))
  const judged = claimed.map((due) => {
    const reach = reaches.get(due.userId)
    if (!reach) throw new Error('an address is of nobody')
    return { ...due, ...judgeDigest(due, reach), reach }
  })
  const told = judged.filter(({ what }) => what === 'tell')
  const unread = await findUnreadSince(tx.sql, told, untilMs)
  const written = told.flatMap(({ userId, day, reach }) => {
    const found = unread.get(userId)
    return found ? [digestLetter(tx, userId, day, found, reach)] : []
  })
  reportFaults(tx, written.flatMap(({ faults }) => faults))
  await queueLetters(tx, written.map(({ letter }) => letter))
  await planDigests(tx, judged.map(({ userId, what, day, reach }) => ({
    userId, dueMs: nextMorning(nowMs, reach.timeZone), ...(what === 'wait' ? {} : { untilMs }), ...(what === 'tell' ? { day } : {}),
  })))
  return claimed.length
}

type Row = { user_id: string; title: string; template: string | null; created_ms: string; total: string }

/** What each of them has not read of the time since their last digest, and was not sent by e-mail already; who has nothing is not in the map. */
async function findUnreadSince(handle: Queryable, persons: readonly { userId: string; until: string | undefined }[], untilMs: number): Promise<Map<string, Unread>> {
  if (persons.length === 0) return new Map()
  const { rows } = await handle.execute<Row>(sql`
    select p.id as user_id, n.* from jsonb_to_recordset(${JSON.stringify(persons.map(({ userId, until }) => ({ id: userId, since: until })))}::jsonb) as p(id uuid, since timestamptz)
    cross join lateral (
      select n.title, n.data ->> 'template' as template, extract(epoch from n.created_at) * 1000 as created_ms, count(*) over () as total from notifications n
      where n.user_id = p.id and n.read_at is null and n.deleted_at is null and n.created_at <= to_timestamp(${untilMs} / 1000.0)
        and n.created_at > greatest(p.since, to_timestamp(${untilMs} / 1000.0) - make_interval(days => ${BACK_DAYS}))
        and not ${isEmailed(sql`n.user_id`, sql`n.dedupe_key`)}
      order by n.id desc limit ${ITEMS}) n`)
  const found = new Map<string, { total: number; items: Unread['items'][number][] }>()
  for (const row of rows) {
    const one = found.get(row.user_id) ?? { total: Number(row.total), items: [] }
    one.items.push({ title: row.title, template: row.template, createdAtMs: Number(row.created_ms) })
    found.set(row.user_id, one)
  }
  return found
}
