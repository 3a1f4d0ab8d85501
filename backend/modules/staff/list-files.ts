import type { Cell } from '../../platform/csv.ts'
import type { RunningEntry } from '../ledger/index.ts'
import type { ApprovalView } from './approval-contract.ts'
import type { SuspendedView, WalletHoldView } from './books-contract.ts'
import type { InboxEventView } from './inbox-contract.ts'
import type { PayoutForStaff } from './payout-contract.ts'
import type { StaffPayment, StaffRefund } from './refund-contract.ts'

type File<V> = { header: readonly string[]; line: (row: V) => readonly Cell[] }

/** A list as a file: its columns, and a line of it. People are told by their ids: a name is no key, and files travel. */
export const PAYMENT_FILE: File<StaffPayment> = {
  header: ['created_at', 'payment', 'kind', 'state', 'amount_idr', 'wallet_idr', 'customer', 'session', 'provider', 'invoice', 'provider_payment', 'channel', 'paid_at', 'expires_at', 'closed_at'],
  line: (row) => [
    row.createdAt, row.id, row.kind, row.state, row.amountIdr, row.walletIdr, row.customerId, row.sessionId, row.provider, row.providerInvoiceId, row.providerPaymentId, row.channel, row.paidAt,
    row.expiresAt, row.closedAt,
  ],
}

export const REFUND_FILE: File<StaffRefund> = {
  header: ['requested_at', 'refund', 'state', 'method', 'amount_idr', 'payment', 'session', 'customer', 'requested_by_kind', 'requested_by', 'decided_by', 'reason', 'decision_reason', 'approved_at', 'sent_at', 'settled_at', 'provider_refund', 'reference', 'failure', 'needs_staff'],
  line: (row) => [
    row.createdAt, row.id, row.state, row.method, row.amountIdr, row.paymentId, row.sessionId, row.customerId, row.requestedByKind, row.requestedBy, row.decidedBy, row.reason, row.decisionReason,
    row.approvedAt, row.sentAt, row.settledAt, row.providerRefundId, row.settledReference, row.failureCode, row.needsStaff,
  ],
}

export const PAYOUT_FILE: File<PayoutForStaff> = {
  header: ['requested_at', 'payout', 'mitra', 'batch', 'requested_by', 'state', 'amount_idr', 'bank', 'account', 'approved_at', 'sent_at', 'settled_at', 'reversed_at', 'provider_payout', 'reference', 'failure', 'needs_staff'],
  line: (row) => [
    row.createdAt, row.id, row.mitraId, row.batchId, row.requestedBy, row.state, row.amountIdr, row.bankAccount.bankCode, row.bankAccount.accountNumberMasked, row.approvedAt, row.sentAt, row.settledAt,
    row.reversedAt, row.providerPayoutId, row.settledReference, row.failureCode, row.needsStaff,
  ],
}

export const EVENT_FILE: File<InboxEventView> = {
  header: ['received_at', 'event', 'provider', 'kind', 'state', 'reason', 'payment', 'subject', 'received', 'attempts', 'settled_at', 'claims'],
  line: (row) => [
    row.receivedAt, row.id, row.provider, row.kind, row.state, row.reason, row.paymentId, row.subjectId, row.receivedCount, row.attempts, row.settledAt, row.claims === null ? null : JSON.stringify(row.claims),
  ],
}

export const SUSPENSE_FILE: File<SuspendedView> = {
  header: ['created_at', 'event', 'amount_idr', 'reason', 'state', 'payment', 'customer', 'resolved_to', 'resolved_at'],
  line: (row) => [row.createdAt, row.eventId, row.amountIdr, row.reason, row.state, row.paymentId, row.customerId, row.resolvedTo, row.resolvedAt],
}

export const WALLET_HOLD_FILE: File<WalletHoldView> = {
  header: ['held_at', 'hold', 'customer', 'wallet_idr', 'promo_idr', 'earnings_idr', 'state', 'settled_at', 'suspense'],
  line: (row) => [row.heldAt, row.id, row.customerId, row.walletIdr, row.promoIdr, row.earningsIdr, row.state, row.settledAt, row.suspenseId],
}

export const APPROVAL_FILE: File<ApprovalView> = {
  header: ['requested_at', 'approval', 'act', 'state', 'target_type', 'target', 'amount_idr', 'requested_by', 'reason', 'decided_at', 'decided_by', 'decision_reason'],
  line: (row) => [row.requestedAt, row.id, row.act, row.state, row.targetType, row.targetId, row.amountIdr, row.requestedBy.id, row.reason, row.decidedAt, row.decidedBy?.id, row.decisionReason],
}

export const ENTRY_FILE: File<RunningEntry> = {
  header: ['at', 'entry', 'transaction', 'key', 'flow', 'session', 'payment', 'amount_idr', 'balance_idr'],
  line: (row) => [row.at, row.id, row.transactionId, row.key, row.flow, row.sessionId, row.paymentId, row.amountIdr, row.balanceIdr],
}
