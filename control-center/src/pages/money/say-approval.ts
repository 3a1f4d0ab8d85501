import type { ApprovalView } from '../../../../backend/modules/staff/approval-contract.ts'
import { useFormat } from '../../format.ts'
import { useCode } from './codes.ts'
import { usePayoutText } from './texts-payouts.ts'

const SAID = ['refund_approve', 'refund_settle', 'payout_batch_approve', 'payout_settle', 'credit_give', 'suspense_resolve', 'wallet_release'] as const
const PLACES = ['wallet', 'refund', 'revenue', 'owner', 'suspense'] as const

/** What would happen, or has, in a sentence; an act that has none yet is told by its name. */
export function useSayApproval(): (approval: ApprovalView) => string {
  const text = usePayoutText()
  const code = useCode()
  const format = useFormat()
  return ({ act, amountIdr, payload, about }) => {
    const known = SAID.find((said) => said === act.replace('.', '_'))
    if (known === undefined) return `${code(act)}${amountIdr === null ? '' : ` ${format.idr(amountIdr)}`}`
    const place = PLACES.find((one) => one === payload['to'])
    return text(`say_${known}`, {
      amount: amountIdr === null ? '' : format.idr(amountIdr), payment: about.paymentId?.slice(-8) ?? '', customer: about.customerName ?? (about.customerId ? `…${about.customerId.slice(-8)}` : text('somebody')),
      mitra: about.mitraName ?? (about.mitraId ? `…${about.mitraId.slice(-8)}` : text('somebody')), count: about.payouts ?? 0, method: text(payload['method'] === 'manual' ? 'byHand' : 'byProvider'),
      clawback: payload['clawback'] === true ? text('withClawback') : '', outcome: typeof payload['outcome'] === 'string' ? code(payload['outcome']) : '', reference: typeof payload['reference'] === 'string' ? payload['reference'] : '',
      place: place === undefined ? '' : text(`place_${place}`),
    })
  }
}

/** Where the thing stands that an approval is about. */
export function targetPath({ targetType, targetId, about }: ApprovalView): string | undefined {
  if (targetType === 'refund') return `/refunds/${targetId}`
  if (targetType === 'payout') return `/payouts/${targetId}`
  if (targetType === 'payout_batch') return `/payouts/batches/${targetId}`
  if (targetType === 'suspense') return `/suspense/${targetId}`
  if (targetType === 'wallet_hold') return `/wallet-holds/${targetId}`
  return about.customerId === null ? undefined : `/customers/${about.customerId}`
}
