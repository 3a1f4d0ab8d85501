import { setTimeout as pause } from 'node:timers/promises'
import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { databaseErrorCode, transact, type Queryable } from '../../platform/database.ts'

const LOCK_NOT_AVAILABLE = '55P03'
const LOCK_TRIES = 5
const LOCK_PAUSE_MS = 400

/** Names those of these conversations that are still needed. */
export type StillNeeded = (handle: Queryable, conversationIds: readonly string[]) => Promise<ReadonlySet<string>>

/**
 * Removes conversations whose transcript's time is over and that nobody needs; nobody can read them from then on. Their
 * messages go with their partition; what lies in none goes here. Answers how many; fewer than `limit`: that was all.
 */
export async function eraseTranscripts(ctx: Ctx, limit: number, stillNeeded: StillNeeded): Promise<number> {
  let erased = 0
  let needed = 0
  for (let after: Place | undefined = BEGINNING; after !== undefined && erased < limit;) {
    const page: Page = await transact(ctx, (tx) => eraseSome(tx, { limit: limit - erased, after: after!, stillNeeded }))
    after = page.found < limit - erased ? undefined : page.last
    erased += page.erased
    needed += page.found - page.erased
  }
  if (needed > 0) ctx.log.warn({ conversations: needed }, 'conversations past their time belong to sessions that have not ended')
  return erased
}

type Place = { at: string; id: string }
type Page = { found: number; erased: number; last: Place | undefined }
const BEGINNING: Place = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }

async function eraseSome(tx: Tx, { limit, after, stillNeeded }: { limit: number; after: Place; stillNeeded: StillNeeded }): Promise<Page> {
  const { rows: found } = await tx.sql.execute<Place>(sql`
    select c.id, c.writable_until::text as at from conversations c
    where c.writable_until < app_now() - make_interval(secs => ${tx.settings.get('transcriptSeconds')}) and (c.writable_until, c.id) > (${after.at}::timestamptz, ${after.id}::uuid)
    order by c.writable_until, c.id limit ${limit} for update skip locked`)
  const needed = await stillNeeded(tx.sql, found.map(({ id }) => id))
  const gone = found.flatMap(({ id }) => (needed.has(id) ? [] : [id]))
  if (gone.length > 0) {
    await tx.sql.execute(sql`
      with gone as materialized (select unnest(${sql.param(gone)}::uuid[]) as id),
        members as (delete from conversation_members m using gone g where m.conversation_id = g.id),
        strays as (delete from messages_default o using gone g where o.conversation_id = g.id)
      delete from conversations c using gone g where c.id = g.id`)
  }
  return { found: found.length, erased: gone.length, last: found.at(-1) }
}

/**
 * Makes the partitions of the coming months, and drops those whose conversations are all gone. Takes its locks within
 * 300 ms or not at all: a long reader makes it late, and never stops those who send. Answers how many it made or dropped.
 */
export async function turnPartitions(ctx: Ctx): Promise<number> {
  let turned = Number((await unlessBusy(ctx, sql`select add_message_partitions() as result`)) ?? 0)
  while (await unlessBusy(ctx, sql`select drop_message_partition() as result`)) turned++
  const { rows } = await ctx.sql.execute<{ name: string }>(sql`select name from message_partitions where high > id_from(month_from(app_now(), 1)) limit 1`)
  if (rows.length === 0) ctx.log.warn('messages of next month have no partition: see turnPartitions')
  return turned
}

async function unlessBusy(ctx: Ctx, statement: SQL): Promise<string | null | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return (await ctx.sql.execute<{ result: string | null }>(statement)).rows[0]?.result
    } catch (error) {
      if (databaseErrorCode(error) !== LOCK_NOT_AVAILABLE) throw error
      if (tries === LOCK_TRIES) {
        ctx.log.warn('messages are being read for long: their partitions are turned later')
        return undefined
      }
      await pause(LOCK_PAUSE_MS * tries)
    }
  }
}
