import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'

export const GIVE_BACK = 'promotions.give-back'

/**
 * The reaction to `promotions.give-back`: the code's budget gets back what its use has not spent, as often as it is asked
 * for. Behind the outbox because whoever ends a session holds its slot, and whoever begins one its code.
 */
export async function giveBack(ctx: Ctx, useId: string): Promise<void> {
  await transact(ctx, (tx) => tx.sql.execute(sql`
    with due as materialized (
      select id, code_id, reserved_idr - (used_idr - returned_idr) - budget_back_idr as back from promo_uses
      where id = ${useId} and state <> 'reserved' for update),
    moved as (
      update promo_uses u set budget_back_idr = u.budget_back_idr + due.back from due where u.id = due.id and due.back > 0)
    update promo_codes c set spent_idr = c.spent_idr - due.back from due where c.id = due.code_id and due.back > 0`))
}
