import { STUCK } from '../../platform/resend-lost.ts'
import type { Refund } from './tables.ts'

/** `needsStaff` of what was to be made by hand from the start. */
export const MANUAL = 'manual'

type Standing = Pick<Refund, 'state' | 'method' | 'needsStaff' | 'sendTries'>

/** A request, or what was approved and the provider was never asked to make. */
export function mayBeRejected({ state, method, sendTries }: Standing): boolean {
  return state === 'requested' || (state === 'approved' && method === 'provider' && sendTries === 0)
}

/** What the provider refused, or what stands still; never what was decided to be made by hand. */
export function mayBeRetried({ state, method, needsStaff }: Standing): boolean {
  return state === 'approved' && needsStaff !== null && (needsStaff === STUCK || (method === 'manual' && needsStaff !== MANUAL))
}

/** What waits for a person to say what became of it. */
export function mayBeSettled({ state, needsStaff }: Standing): boolean {
  return needsStaff !== null && (state === 'approved' || state === 'pending')
}

export type RefundAct = 'approve' | 'reject' | 'retry' | 'settle'

/** What can be decided about a refund as it stands, whoever decides. */
export function refundActs(refund: Standing): RefundAct[] {
  const acts: [RefundAct, boolean][] = [['approve', refund.state === 'requested'], ['reject', mayBeRejected(refund)], ['retry', mayBeRetried(refund)], ['settle', mayBeSettled(refund)]]
  return acts.flatMap(([act, may]) => (may ? [act] : []))
}
