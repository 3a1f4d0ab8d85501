import type { PrivacyMap } from './modules/privacy/index.ts'

const BOOKS = 'the books, under the pseudonym'

/** The tables of money: they stay for the books, and who they are about becomes a pseudonym. */
export const MONEY: PrivacyMap = {
  ledger_entries: { rows: { account: 'account' }, since: 'created_at', out: { as: 'entries', columns: 'id transaction_id account amount_idr created_at' }, erasure: { keep: { [BOOKS]: 'account' } } },
  ledger_transactions: { rows: { of: 'ledger_entries', by: 'id', key: 'transaction_id' }, out: { as: 'postings', columns: 'id flow session_id payment_id created_at' }, held: { 'of how we work': 'key' }, erasure: { keep: { [BOOKS]: 'key flow' } } },
  ledger_balances: { rows: { account: 'account' }, key: 'account', out: { as: 'balances', columns: 'account balance_idr' }, erasure: { keep: { [BOOKS]: 'account' } } },
  ledger_checks: { none: 'what the checker found' },
  daily_closings: { none: 'sums of days' },
  promo_lots: { rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'credit', columns: 'id source amount_idr remaining_idr expires_at created_at' }, held: { 'of how we work': 'customer_id' }, erasure: { keep: { [BOOKS]: 'source' } } },
  wallet_holds: { rows: { columns: 'customer_id' }, since: 'held_at', held: { 'of a former owner of the number, maybe': 'id customer_id held_at state settled_at suspense_id' }, erasure: { keep: { [BOOKS]: 'state' } } },
  payments: {
    rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'payments', columns: 'id session_id kind state amount_idr wallet_idr description provider provider_invoice_id channel created_at paid_at closed_at' },
    held: { 'of how we work': 'customer_id purchase_id checkout_url create_until create_tries claimed_until expires_at closing_at pending_at ask_at ask_count asked_at version provider_payment_id' },
    erasure: { set: { checkout_url: null }, keep: { [BOOKS]: 'state description provider provider_invoice_id kind provider_payment_id channel' } },
  },
  provider_inbox: {
    rows: { of: 'payments', by: 'payment_id' }, since: 'received_at', held: { 'the provider’s own words; what they mean stands in payments': 'id provider kind body_sha256 body headers received_at received_count state reason payment_id attempts claimed_until due_at settled_at subject_id' },
    erasure: { keep: { 'proof of money; gone after thirty days': 'provider kind body_sha256 body headers state reason' } },
  },
  suspense_items: { rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'suspended', columns: 'id payment_id amount_idr reason state resolved_to resolved_at created_at' }, held: { 'of how we work': 'customer_id provider_payment_id' }, erasure: { keep: { [BOOKS]: 'provider_payment_id reason state resolved_to' } } },
  purchases: {
    rows: { of: 'chat_sessions', by: 'session_id' }, since: 'created_at', out: { as: 'purchases', columns: 'id session_id kind minutes price_idr state promo_idr wallet_idr invoice_idr returned_idr created_at' },
    held: { 'of how we work': 'position package_id promo_lots request_key pay_until' }, erasure: { onlyFor: 'customer', set: { request_key: null }, keep: { [BOOKS]: 'kind state promo_lots' } },
  },
  refunds: {
    rows: { columns: 'customer_id' }, since: 'requested_at', out: { as: 'refunds', columns: 'id payment_id session_id state amount_idr reason requested_at approved_at settled_at' },
    held: { 'staff’s work on it, and how we work': 'customer_id method clawback sources suspense_id requested_by_kind requested_by request_key decided_by decision_reason provider_refund_id provider_status failure_code needs_staff send_tries claimed_until ask_at ask_count sent_at version provider_invoice_id settled_reference send_failures resends resent_at' },
    erasure: { set: { request_key: null }, keep: { [BOOKS]: 'state method sources reason requested_by_kind decision_reason provider_refund_id provider_status failure_code needs_staff provider_invoice_id settled_reference' } },
  },
  staff_credits: { rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'staffCredits', columns: 'id amount_idr expires_at state created_at given_at' }, held: { 'about staff': 'customer_id reason given_by request_key' }, erasure: { keep: { [BOOKS]: 'reason state request_key' } } },
  credit_days: { staff: 'what they have given alone on a day' },
  promo_codes: { none: 'codes' },
  promo_uses: {
    rows: { columns: 'customer_id' }, since: 'created_at', out: { as: 'promoUses', columns: 'id code_id session_id state used_idr returned_idr created_at settled_at' }, held: { secret: 'person_hash', 'of how we work': 'customer_id reserved_idr budget_back_idr lot_id' },
    erasure: { keep: { [BOOKS]: 'state', 'a code is for a person once, also after erasure': 'person_hash' } },
  },
  tips: { rows: { columns: 'customer_id mitra_id' }, since: 'created_at', out: { as: 'tips', columns: 'id session_id amount_idr from_wallet state created_at paid_at' }, held: { 'of how we work, and the other side': 'customer_id mitra_id request_key' }, erasure: { keep: { [BOOKS]: 'state request_key' } } },
  earning_holds: { rows: { columns: 'mitra_id' }, key: 'session_id', since: 'created_at', out: { as: 'earningHolds', columns: 'session_id amount_idr held_until created_at' }, held: { 'of how we work': 'mitra_id' }, erasure: {} },
  payout_batches: { none: 'payouts of a week, by staff' },
  payouts: {
    rows: { columns: 'mitra_id' }, since: 'requested_at', out: { as: 'payouts', columns: 'id bank_account_id state amount_idr requested_at approved_at sent_at settled_at reversed_at' },
    held: { 'staff’s work on it, and how we work': 'mitra_id batch_id requested_by_kind request_key provider_payout_id provider_status failure_code needs_staff send_tries claimed_until ask_at ask_count version settled_reference send_failures resends resent_at' },
    erasure: { set: { request_key: null }, keep: { [BOOKS]: 'state requested_by_kind provider_payout_id provider_status failure_code needs_staff settled_reference' } },
  },
  reconciliations: { none: 'comparisons with the provider’s lists' },
  reconciliation_differences: { none: 'what differed, by ids' },
  statement_lines: { none: 'lines of the provider’s statement, by ids' },
}
