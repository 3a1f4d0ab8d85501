import { sql } from '../../platform/drizzle.ts'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ctx } from '../../platform/ctx.ts'
import type { Healer } from '../../platform/realtime/healer.ts'
import type { Healed, Hub } from '../../platform/realtime/hub.ts'
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from './message-row.ts'
import { spanOf } from './span.ts'

/** What was committed a moment ago may still be on its way: only what is missing after this was lost. */
const ON_ITS_WAY_MS = 300
const AT_ONCE = 500

type Head = { id: string; headSeq: number; memberIds: string[] }
type Gap = Head & { after: number; startKnown: boolean }

/** Finds messages that a socket of this replica should have had by now, by what each socket has had of each conversation. */
export const messageHealer: Healer = {
  what: 'messages',
  async find(ctx, { hub, sinceSeconds }) {
    const heads = (await findHeads(ctx, sinceSeconds)).filter((head) => head.memberIds.some((userId) => hub.isConnected(userId)))
    if (gapsOf(hub, heads).length === 0) return []
    await pause(ON_ITS_WAY_MS)
    const found: Healed[] = []
    for (let gaps = gapsOf(hub, heads); gaps.length > 0;) {
      const rows = await findMissing(ctx, hub, gaps.slice(0, AT_ONCE), sinceSeconds)
      found.push(...rows.healed)
      gaps = [...rows.left, ...gaps.slice(AT_ONCE)]
    }
    return found
  },
}

// Only conversations that could be written to within the window, and those whose end was told in it: a handful, by index.
async function findHeads(ctx: Ctx, sinceSeconds: number): Promise<Head[]> {
  const since = sql`app_now() - make_interval(secs => ${sinceSeconds})`
  const { rows } = await ctx.sql.execute<{ id: string; head_seq: string; members: string[] }>(sql`
    select c.id, c.head_seq, array(select m.user_id from conversation_members m where m.conversation_id = c.id) as members from conversations c
    where (c.writable_until > ${since} or c.changed_at >= ${since}) and c.head_at >= ${since}`)
  return rows.map((row) => ({ id: row.id, headSeq: Number(row.head_seq), memberIds: row.members }))
}

function gapsOf(hub: Hub, heads: readonly Head[]): Gap[] {
  return heads.flatMap((head): Gap[] => {
    const reached = hub.reachedByAll(head.memberIds, head.id)
    if (reached === undefined) return [{ ...head, after: Math.max(0, head.headSeq - AT_ONCE), startKnown: false }]
    return reached < head.headSeq ? [{ ...head, after: reached, startKnown: true }] : []
  })
}

type Row = { conversation_id: string } & MessageRow

// A conversation whose start a socket does not know is healed by time: what is older, it asked for itself.
async function findMissing(ctx: Ctx, hub: Hub, gaps: readonly Gap[], sinceSeconds: number): Promise<{ healed: Healed[]; left: Gap[] }> {
  const given = JSON.stringify(gaps.map((gap) => ({ c: gap.id, a: gap.after, h: gap.headSeq, k: gap.startKnown })))
  const { rows } = await ctx.sql.execute<Row>(sql`
    select g.c as conversation_id, x.*
    from jsonb_to_recordset(${given}::jsonb) as g(c uuid, a bigint, h bigint, k boolean)
    cross join lateral (
      select ${MESSAGE_COLUMNS} from messages o where ${spanOf(gaps.map((gap) => gap.id))} and o.conversation_id = g.c and o.seq > g.a and o.seq <= g.h
        and (g.k or o.sent_at >= app_now() - make_interval(secs => ${sinceSeconds}))
      order by o.seq limit ${AT_ONCE}
    ) x order by g.c, x.seq`)
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id)
  const healed: Healed[] = []
  const left: Gap[] = []
  for (const gap of gaps) {
    const missing = byConversation.get(gap.id) ?? []
    if (!gap.startKnown) hub.beginUnknown(gap.memberIds, gap.id, missing.length === 0 ? gap.headSeq : Number(missing[0]!.seq) - 1)
    healed.push(...missing.map((row) => toHealed(gap, row)))
    const last = missing.at(-1)
    if (missing.length === AT_ONCE && Number(last!.seq) < gap.headSeq) left.push({ ...gap, after: Number(last!.seq), startKnown: true })
  }
  return { healed, left }
}

function toHealed(gap: Gap, row: Row): Healed {
  const message = toMessage(gap.id, row)
  return { userIds: gap.memberIds, frame: { type: 'message:received', ...message }, position: { stream: gap.id, seq: message.seq } }
}
