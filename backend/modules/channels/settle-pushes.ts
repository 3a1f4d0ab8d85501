import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Priority } from './kinds.ts'
import { queueOfLane } from './lanes.ts'
import type { ClaimedPush } from './claim-pushes.ts'
import { waitingSince } from './rollups.ts'
import type { PushOutcome } from './rules.ts'

export type Settled = { push: ClaimedPush; outcome: PushOutcome }

/** Writes what became of these pushes in one statement. The number of the claim is the fence: a worker that was followed meanwhile changes nothing any more. */
export async function settlePushes(ctx: Ctx, lane: Priority, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return
  // Locked by id, as devices that tell of them lock them. Who was held back (quiet hours) has waited since the end of that.
  const { rows } = await ctx.sql.execute<{ id: string; waited: number | null }>(sql`
    with told as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(settled.map(recordOf))}::jsonb)
        as r(id uuid, attempts integer, state text, reason text, accepted boolean, delay double precision, tokens jsonb, held boolean)),
    own as materialized (
      select p.id, case when told.accepted and p.accepted_at is null then greatest(0, extract(epoch from (select app_now()) - ${waitingSince})) end as waited
      from pushes p join told on p.id = told.id and p.attempts = told.attempts where p.state = 'queued' order by p.id for update of p)
    update pushes p set state = r.state, reason = r.reason, claimed_until = null, pending_tokens = r.tokens, holds = p.holds + r.held::integer,
      settled_at = case when r.state <> 'queued' then (select app_now()) end,
      accepted_at = case when r.accepted then coalesce(p.accepted_at, (select app_now())) else p.accepted_at end,
      due_at = case when r.state = 'queued' then (select app_now()) + make_interval(secs => r.delay) else p.due_at end
    from told r join own using (id) where p.id = r.id
    returning p.id, own.waited::float8 as waited`)
  const written = new Set(rows.map((row) => row.id))
  for (const { waited } of rows) if (waited !== null) ctx.metrics.pushAcceptSeconds.observe({ priority: lane }, waited)
  const ours = settled.filter(({ push }) => written.has(push.id))
  for (const { push, outcome } of ours) ctx.metrics.pushes.inc({ kind: push.kind, result: resultOf(outcome) })
  for (const { push, outcome } of ours) {
    if (outcome.to === 'dropped' || outcome.to === 'failed') ctx.log.info({ pushId: push.id, kind: push.kind, state: outcome.to, reason: outcome.reason, tries: push.tries }, 'a push was not delivered')
  }
  // One wake a second and lane: whoever hears it takes all that are due by then.
  const delays = new Set(ours.flatMap(({ outcome }) => (outcome.to === 'later' ? [Math.ceil(outcome.delaySeconds)] : [])))
  for (const seconds of delays) ctx.enqueue(queueOfLane(lane), ours[0]!.push.id, { delayMs: seconds * 1000 })
}

function resultOf(outcome: PushOutcome): string {
  if (outcome.to === 'later') return outcome.isHeld ? 'held' : 'later'
  return outcome.to === 'sent' ? 'sent' : outcome.reason
}

function recordOf({ push, outcome }: Settled) {
  const common = { id: push.id, attempts: push.attempts, reason: null, accepted: false, delay: 0, tokens: null, held: false }
  if (outcome.to === 'sent') return { ...common, state: 'sent', accepted: true }
  if (outcome.to !== 'later') return { ...common, state: outcome.to, reason: outcome.reason }
  return { ...common, state: 'queued', reason: outcome.reason, accepted: outcome.isAccepted, delay: outcome.delaySeconds, tokens: outcome.tokens ?? null, held: outcome.isHeld ?? false }
}
