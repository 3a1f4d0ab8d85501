import type { ProviderPayout } from '../../platform/gateways.ts'
import type { Payout } from './tables.ts'

export type PayoutState = Payout['state']
export type ProviderStatus = ProviderPayout['status']

// What the provider documents, besides what its SDK lists. Anything else is unknown, and for staff.
const STATUSES: Readonly<Record<string, ProviderStatus>> = {
  ACCEPTED: 'waiting', REQUESTED: 'waiting', LOCKED: 'waiting', PENDING_COMPLIANCE_ASSESSMENT: 'waiting',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed', CANCELLED: 'failed', COMPLIANCE_REJECTED: 'failed',
  REVERSED: 'reversed',
}

export function statusOf(status: string): ProviderStatus {
  const upper = status.toUpperCase()
  return Object.hasOwn(STATUSES, upper) ? STATUSES[upper]! : 'unknown'
}

export type Outcome = 'succeeded' | 'failed' | 'reversed'
/** What the provider's word means for a payout of ours; `from`: where its money is taken from, to go to `to`. */
export type Verdict =
  | { act: 'nothing' | 'contradiction' | 'unknown_status' }
  | { act: 'settle'; outcome: Outcome; from: 'pending' | 'clearing'; to: 'clearing' | 'payable' }

/**
 * A payout only ever goes on: sent → succeeded, failed or reversed, and succeeded → reversed. What came back stays back,
 * and what is told again changes nothing; success after that, or a failure after success, is for staff.
 */
export function judgeStatus(state: PayoutState, status: ProviderStatus): Verdict {
  if (status === 'unknown') return { act: 'unknown_status' }
  // The provider knows of what we never sent.
  if (state === 'requested' || state === 'approved') return { act: 'contradiction' }
  if (status === 'waiting' || status === state) return { act: 'nothing' }
  if (state === 'sent') return { act: 'settle', outcome: status, from: 'pending', to: status === 'succeeded' ? 'clearing' : 'payable' }
  if (state === 'succeeded') return status === 'reversed' ? { act: 'settle', outcome: 'reversed', from: 'clearing', to: 'payable' } : { act: 'contradiction' }
  return status === 'succeeded' ? { act: 'contradiction' } : { act: 'nothing' }
}

// Where a payout's money is, once it was sent.
const PLACES = { sent: 'pending', succeeded: 'clearing', failed: 'payable', reversed: 'payable' } as const
export type Place = (typeof PLACES)[keyof typeof PLACES]

/**
 * What it means when persons say what the provider really did; they may be right where its webhooks are not. The money
 * moves from where it is to where it belongs, if that is elsewhere. Undefined: that cannot have happened.
 */
export function judgeByHand(payout: { state: PayoutState; wasSent: boolean }, outcome: Outcome): { from: Place; to: Place } | undefined {
  if (payout.state === 'requested') return undefined
  // It has never left what is owed.
  if (!payout.wasSent || payout.state === 'approved') return outcome === 'failed' ? { from: 'payable', to: 'payable' } : undefined
  return { from: PLACES[payout.state], to: outcome === 'succeeded' ? 'clearing' : 'payable' }
}

// How far a payout has come by a status.
const RANK: Readonly<Record<ProviderStatus, number>> = { unknown: -1, waiting: 0, succeeded: 1, failed: 1, reversed: 2 }

/** Whether what an event claims can have been true on the way to what the provider answers now. */
export function isConfirmed(claimed: ProviderStatus, answered: ProviderStatus): boolean {
  return claimed === answered || RANK[claimed] < RANK[answered]
}

/** What a mitra can ask for now: what is owed, less what is held and what is asked for already. Never below 0. */
export function availableIdr(sums: { payableIdr: number; heldIdr: number; openIdr: number }): number {
  return Math.max(0, sums.payableIdr - sums.heldIdr - sums.openIdr)
}

// What the provider documents as the account’s own fault, not the network’s (docs.xendit.co, errors of payouts): another
// time it will not be otherwise. Any other code lets the account be tried again.
const DEAD_ACCOUNT: readonly unknown[] = ['INVALID_DESTINATION', 'RECIPIENT_ACCOUNT_NUMBER_ERROR']

/** Whether a payout came back because there is no such account. */
export function isAccountDead(failureCode: string | null | undefined): boolean {
  return DEAD_ACCOUNT.includes(failureCode)
}

/** Waiting time before the provider is asked to send again, in seconds. */
export function retrySeconds(tries: number): number {
  return Math.min(2 ** Math.min(Math.max(0, tries), 9), 300)
}

export type Refused = {
  /** Which call was refused: looking for what an earlier try made, or making it. */
  call: 'list' | 'create'
  status: number | undefined
  providerCode: string | undefined
  /** How many earlier tries may have made one. */
  triesBefore: number
}

// A page of a proxy has none, or a sentence.
const PROVIDER_CODE = /^[A-Z][A-Z0-9_]+$/
const EXISTS_ALREADY = /DUPLICATE|IDEMPOTEN/
const ABOUT_THIS_PAYOUT: readonly unknown[] = [400, 404, 422]
const ABOUT_OUR_RIGHTS: readonly unknown[] = [401, 403]

/**
 * What a refusal proves. `final`: this payout can't be made and there is none, its money may go back; `not_made`: this
 * try made none, an earlier one or a later one may; `unclear`: there may be one, so its money stays where it is.
 */
export function judgeRefusal({ call, status, providerCode, triesBefore }: Refused): 'final' | 'not_made' | 'unclear' {
  if (call === 'list' || providerCode === undefined || !PROVIDER_CODE.test(providerCode) || EXISTS_ALREADY.test(providerCode)) return 'unclear'
  if (ABOUT_THIS_PAYOUT.includes(status)) return triesBefore === 0 ? 'final' : 'not_made'
  return ABOUT_OUR_RIGHTS.includes(status) ? 'not_made' : 'unclear'
}
