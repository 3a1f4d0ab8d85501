import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findBankAccount, findShownRatings, getSchedule } from '../mitras/index.ts'
import { sumEarnings } from '../payouts/index.ts'
import { daysOfReport, findOffersOf, reportMitra } from '../sessions/index.ts'
import type { MitraRecord } from './record-contract.ts'
import { mayAct } from './roles.ts'
import { privacyOf } from './show-privacy.ts'
import { getMitraForStaff } from './show-mitras.ts'

const OFFERS = 20
const REPORT_DAYS = 28

/** Everything that stands beside a mitra's own lists; parts that this role doesn't see are left out. Throws `not_found`. */
export async function getMitraRecord(ctx: Ctx, role: StaffRole, id: string): Promise<MitraRecord> {
  const mitra = await getMitraForStaff(ctx, role, id)
  const [schedule, report, ratings, offers, money, privacy] = await Promise.all([
    getSchedule(ctx, id), lastDays(ctx, id), findShownRatings(ctx, [id]), findOffersOf(ctx.sql, id, OFFERS),
    mayAct(role, 'payouts.read') ? moneyOf(ctx, id) : undefined, privacyOf(ctx, role, id),
  ])
  return {
    mitra, schedule, report, rating: ratings.get(id) ?? null,
    offers: offers.map((offer) => ({ ...offer, createdAt: offer.createdAt.toISOString(), endedAt: offer.endedAt?.toISOString() ?? null })),
    ...(money ? { money } : {}), ...privacy,
  }
}

async function lastDays(ctx: Ctx, mitraId: string) {
  const { to } = await daysOfReport(ctx.sql, {})
  const from = new Date(Date.parse(to) - (REPORT_DAYS - 1) * 86_400_000).toISOString().slice(0, 10)
  return reportMitra(ctx.sql, mitraId, { from, to })
}

async function moneyOf(ctx: Ctx, mitraId: string): Promise<MitraRecord['money']> {
  const [{ payableIdr, heldIdr, availableIdr }, account] = await Promise.all([sumEarnings(ctx.sql, mitraId), findBankAccount(ctx.sql, ctx, mitraId)])
  return { payableIdr, heldIdr, availableIdr, bankAccount: account ? { ...account, createdAt: account.createdAt.toISOString() } : null }
}
