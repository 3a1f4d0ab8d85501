import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { account } from './accounts.ts'
import { postAll } from './post.ts'

type Expired = { id: string; customer_id: string; remaining_idr: string; expires_at: string }

/** Takes back what is left in lots whose time is over (`customer_promo → promotions`). Answers how many lots. */
export async function expirePromoLots(ctx: Ctx, limit = 100): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<Expired>(sql`
      with due as materialized (
        select id, remaining_idr from promo_lots where remaining_idr > 0 and expires_at <= app_now()
        order by expires_at limit ${limit} for update skip locked)
      update promo_lots l set remaining_idr = 0 from due where l.id = due.id
      returning l.id, l.customer_id, due.remaining_idr, l.expires_at`)
    await postAll(tx, rows.map((lot) => ({
      // A lot that got credit back after it had expired lives on and expires again: the time makes the key its own.
      key: `lot:${lot.id}:expire:${new Date(lot.expires_at).toISOString()}`,
      flow: 'promo.expire',
      entries: [
        { account: account.promo(lot.customer_id), amountIdr: -Number(lot.remaining_idr) },
        { account: account.promotions, amountIdr: Number(lot.remaining_idr) },
      ],
    })))
    return rows.length
  })
}
