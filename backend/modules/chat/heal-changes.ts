import { setTimeout as pause } from 'node:timers/promises'
import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Healer } from '../../platform/realtime/healer.ts'
import type { Healed, Hub } from '../../platform/realtime/hub.ts'
import { changeStream } from './change-message.ts'
import { MESSAGE_COLUMNS, toChange, type MessageRow } from './message-row.ts'
import { spanOf } from './span.ts'

/** What was committed a moment ago may still be on its way: only what is missing after this was lost. */
const ON_ITS_WAY_MS = 300
/** Changes of one conversation that one look finds; the next look finds the others. */
const AT_ONCE = 500

type Head = { id: string; headChange: number; memberIds: string[] }
type Gap = Head & { after: number; startKnown: boolean }

/** Finds edits and deletions that a socket of this replica should have had by now. */
export const changeHealer: Healer = {
  what: 'changes',
  async find(ctx, { hub, sinceSeconds }) {
    const heads = (await findHeads(ctx, sinceSeconds)).filter((head) => head.memberIds.some((userId) => hub.isConnected(userId)))
    if (gapsOf(hub, heads).length === 0) return []
    await pause(ON_ITS_WAY_MS)
    const gaps = gapsOf(hub, heads)
    return gaps.length === 0 ? [] : findMissing(ctx, hub, gaps, sinceSeconds)
  },
}

async function findHeads(ctx: Ctx, sinceSeconds: number): Promise<Head[]> {
  const { rows } = await ctx.sql.execute<{ id: string; head_change: string; members: string[] }>(sql`
    select c.id, c.head_change, array(select m.user_id from conversation_members m where m.conversation_id = c.id) as members from conversations c
    where c.changed_at >= app_now() - make_interval(secs => ${sinceSeconds}) and c.head_change > 0`)
  return rows.map((row) => ({ id: row.id, headChange: Number(row.head_change), memberIds: row.members }))
}

function gapsOf(hub: Hub, heads: readonly Head[]): Gap[] {
  return heads.flatMap((head): Gap[] => {
    const reached = hub.reachedByAll(head.memberIds, changeStream(head.id))
    if (reached === undefined) return [{ ...head, after: 0, startKnown: false }]
    return reached < head.headChange ? [{ ...head, after: reached, startKnown: true }] : []
  })
}

type Row = { conversation_id: string; change: string } & MessageRow

// Of several changes of a message only the last is still there, and tells all of them: `isWhole`.
async function findMissing(ctx: Ctx, hub: Hub, gaps: readonly Gap[], sinceSeconds: number): Promise<Healed[]> {
  const given = JSON.stringify(gaps.map((gap) => ({ c: gap.id, a: gap.after, k: gap.startKnown })))
  const { rows } = await ctx.sql.execute<Row>(sql`
    select g.c as conversation_id, x.*
    from jsonb_to_recordset(${given}::jsonb) as g(c uuid, a bigint, k boolean)
    cross join lateral (
      select ${MESSAGE_COLUMNS} from messages o where ${spanOf(gaps.map((gap) => gap.id))} and o.conversation_id = g.c and o.change > g.a
        and (g.k or greatest(o.edited_at, o.deleted_at) >= app_now() - make_interval(secs => ${sinceSeconds}))
      order by o.change limit ${AT_ONCE}
    ) x order by g.c, x.change`)
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id)
  return gaps.flatMap((gap) => {
    const missing = byConversation.get(gap.id) ?? []
    const stream = changeStream(gap.id)
    if (!gap.startKnown) hub.beginUnknown(gap.memberIds, stream, missing.length === 0 ? gap.headChange : Number(missing[0]!.change) - 1)
    return missing.map((row): Healed => ({
      userIds: gap.memberIds, frame: { type: 'message:changed', ...toChange(gap.id, row) }, position: { stream, seq: Number(row.change), isWhole: true },
    }))
  })
}
