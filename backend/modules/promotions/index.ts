/**
 * Promotions: promo codes, and credit given by staff. Owns promo_codes, promo_uses, staff_credits, credit_days.
 * Promises: a code never gives more than its budget, a person never more than the code allows; what comes back gives
 * the budget back; above the daily limit a member of staff needs a second person.
 */
export { forgetCreditKeys } from './forget-keys.ts'
export { askCredit, findCredits, giveCredit, refuseCredit, takeDailyLimit, type CreditWish } from './give-credit.ts'
export { changePromoCode, createPromoCode, findPromoCodes, type NewPromoCode, type PromoCodeChange } from './promo-codes.ts'
export { promotionReactions } from './reactions.ts'
export { quotePromo, reservePromo, type PromoWish } from './reserve-promo.ts'
export { endPromoUse, findPromoUse, findPromoUses, usePromo } from './use-promo.ts'
export type { PromoCode, PromoUse, StaffCredit } from './tables.ts'
