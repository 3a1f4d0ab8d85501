import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { onFlags, takeFlags, type MessageFlag } from '../chat/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { findSides, type Sides } from '../sessions/index.ts'
import type { CaseKind } from './contract.ts'
import { alertsChanged, keepEvidence } from './queries.ts'

/** Handles flags as soon as this replica stores one, one turn at a time: what comes meanwhile is the sweep's. */
export function startFlags(ctx: Ctx, limit: number): void {
  let isRunning = false
  onFlags(ctx, () => {
    if (isRunning) return
    isRunning = true
    handleFlags(ctx, limit)
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'flagged messages are left to the sweep'))
      .finally(() => {
        isRunning = false
      })
  })
}

/** A conversation's part in what was flagged. */
type Flagged = { kind: Exclude<CaseKind, 'report' | 'staff'>; sides: Sides; flags: MessageFlag[] }
type Opened = { id: string; conversation_id: string; kind: Flagged['kind']; is_new: boolean }

/**
 * Does what follows from flagged messages, in the transaction that takes the flags: one open case a conversation and
 * kind, the messages as its evidence; a new crisis alerts staff, shows the customer the card and gives the mitra guidance.
 * The messages themselves were delivered before, whatever happens here. Answers how many flags it took.
 */
export async function handleFlags(ctx: Ctx, limit: number): Promise<number> {
  return transact(ctx, async (tx) => {
    const flags = await takeFlags(tx, limit)
    if (flags.length === 0) return 0
    const flagged = gather(flags, await findSides(tx.sql, [...new Set(flags.map((flag) => flag.conversationId))]))
    const opened = await openCases(tx, flagged)
    const caseOf = new Map(opened.map((one) => [`${one.conversation_id} ${one.kind}`, one]))
    await keepEvidence(tx, flagged.flatMap(({ kind, sides, flags: own }) => own.map(({ seq, change, senderId, body, sentAt }) => (
      { caseId: caseOf.get(`${sides.conversationId} ${kind}`)!.id, seq, change, senderId, body, sentAt }))))
    const crises = flagged.filter(({ kind, sides }) => kind === 'crisis' && caseOf.get(`${sides.conversationId} ${kind}`)!.is_new)
    await notify(tx, crises.flatMap(({ sides }) => noticesOf(tx, caseOf.get(`${sides.conversationId} crisis`)!.id, sides)))
    if (crises.length > 0) alertsChanged(tx)
    tx.afterCommit(({ metrics, log }) => {
      for (const { id, kind, is_new: isNew } of opened) {
        if (!isNew) continue
        metrics.safetyCases.inc({ kind })
        log.info({ caseId: id, kind }, 'a case was opened by screening')
      }
    })
    return flags.length
  })
}

// A conversation of no session belongs to nobody who could be helped by a case (tests have such).
function gather(flags: readonly MessageFlag[], sidesOf: ReadonlyMap<string, Sides>): Flagged[] {
  const found = new Map<string, Flagged>()
  for (const flag of flags) {
    const sides = sidesOf.get(flag.conversationId)
    if (sides === undefined) continue
    for (const kind of ['contact', 'crisis'] as const) {
      if (!flag.kinds.includes(kind)) continue
      const key = `${flag.conversationId} ${kind}`
      const one = found.get(key) ?? { kind, sides, flags: [] }
      one.flags.push(flag)
      found.set(key, one)
    }
  }
  // One order for everybody: two replicas wait for one another, never in a circle.
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

async function openCases(tx: Tx, flagged: readonly Flagged[]): Promise<Opened[]> {
  if (flagged.length === 0) return []
  const rows = JSON.stringify(flagged.map(({ kind, sides, flags }, n) => ({
    n, id: tx.ids.next(), kind, session_id: sides.sessionId, conversation_id: sides.conversationId,
    // Whoever wrote it: the crisis is the customer's to be cared for, a contact is the sender's doing.
    subject_id: kind === 'crisis' ? sides.customerId : flags[0]!.senderId,
  })))
  const { rows: opened } = await tx.sql.execute<Opened>(sql`
    insert into safety_cases as c (id, kind, session_id, conversation_id, subject_id, acknowledge_by)
    select r.id, r.kind, r.session_id, r.conversation_id, r.subject_id,
      case when r.kind = 'crisis' then app_now() + make_interval(secs => ${tx.settings.get('crisisAcknowledgeSeconds')}) end
    from jsonb_to_recordset(${rows}::jsonb) as r(n int, id uuid, kind text, session_id uuid, conversation_id uuid, subject_id uuid)
    order by r.n
    on conflict (conversation_id, kind) where kind <> 'report' and state <> 'closed' do update set last_at = app_now()
    returning c.id, c.conversation_id, c.kind, c.xmax = 0 as is_new`)
  return opened
}

function noticesOf(tx: Tx, caseId: string, { sessionId, customerId, mitraId }: Sides): Notice[] {
  const hotlines = tx.settings.get('crisisHotlines')
  const data = { sessionId, hotlines: JSON.stringify(hotlines) }
  return [
    { userId: customerId, template: 'safety.crisis_card', variables: { hotlines: hotlines.join(' · ') }, dedupeKey: `crisis-card:${caseId}`, data: { ...data, card: 'crisis' } },
    { userId: mitraId, template: 'safety.crisis_guidance', dedupeKey: `crisis-guidance:${caseId}`, data: { ...data, card: 'crisis-guidance' } },
  ]
}
