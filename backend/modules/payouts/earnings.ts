import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPayable } from '../ledger/index.ts'
import { sumHeldEarnings } from '../sessions/index.ts'
import type { Earnings } from './contract.ts'
import { findOpenPayout, viewPayouts } from './queries.ts'
import { availableIdr } from './rules.ts'
import type { Payout } from './tables.ts'

type Sums = { payableIdr: number; heldIdr: number; availableIdr: number; open: Payout | undefined }

/** What a mitra is owed, and how much of it can be asked for now. */
export async function sumEarnings(handle: Queryable, mitraId: string): Promise<Sums> {
  const [payableIdr, held, open] = [await findPayable(handle, mitraId), await sumHeldEarnings(handle, [mitraId]), await findOpenPayout(handle, mitraId)]
  const heldIdr = held.get(mitraId) ?? 0
  return { payableIdr, heldIdr, open, availableIdr: availableIdr({ payableIdr, heldIdr, openIdr: open?.amountIdr ?? 0 }) }
}

export async function showEarnings(ctx: Ctx, mitraId: string): Promise<Earnings> {
  const { open, ...sums } = await sumEarnings(ctx.sql, mitraId)
  const [openPayout] = await viewPayouts(ctx.sql, ctx, open ? [open] : [])
  return { ...sums, minPayoutIdr: ctx.settings.get('minPayoutIdr'), ...(openPayout ? { openPayout } : {}) }
}
