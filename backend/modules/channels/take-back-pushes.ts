import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

/** `left`: a device may show it, and it is not tried again. `never`: it did not leave and won't. `under_way`: its call has not ended. */
export type TakenBack = 'left' | 'under_way' | 'never'

/**
 * Takes pushes back that nobody should see any more, by person and key, in one statement: what waits is dropped. A call
 * that begins meanwhile finds it gone, or has counted itself and is told here. Who has none is not in the map.
 */
export async function takeBackPushes(ctx: Ctx, pushes: readonly { userId: string; dedupeKey: string }[]): Promise<Map<string, TakenBack>> {
  if (pushes.length === 0) return new Map()
  const { rows } = await ctx.sql.execute<{ user_id: string; dedupe_key: string; fate: TakenBack }>(sql`
    with asked as (select * from jsonb_to_recordset(${JSON.stringify(pushes.map(({ userId, dedupeKey }) => ({ u: userId, k: dedupeKey })))}::jsonb) as a(u uuid, k text)),
      found as (
        select p.id, p.user_id, p.dedupe_key, case when p.sent_at is null then 'never' when p.state = 'queued' and p.claimed_until > app_now() then 'under_way' else 'left' end as fate
        from pushes p join asked on p.user_id = asked.u and p.dedupe_key = asked.k order by p.id for update of p
      ),
      taken as (
        update pushes p set state = case when p.accepted_at is null then 'dropped' else 'sent' end, reason = case when p.accepted_at is null then 'withdrawn' end,
          settled_at = app_now(), claimed_until = null, pending_tokens = null
        from found f where p.id = f.id and p.state = 'queued' and f.fate <> 'under_way'
      )
    select user_id, dedupe_key, fate from found`)
  return new Map(rows.map((row) => [`${row.user_id} ${row.dedupe_key}`, row.fate]))
}
