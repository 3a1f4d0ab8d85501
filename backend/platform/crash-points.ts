/**
 * Every place where a test can let the process die, named `<what>.<step>`: `…ing` stands before a commit, the
 * past tense after it and before whatever follows. `FAULT_AT` takes these names.
 */
export const CRASH_POINTS = [
  // asking for a session
  'idempotency.claimed', 'idempotency.answered', 'session.asking', 'session.asked',
  // its invoice at the provider
  'invoice.claimed', 'invoice.noted', 'invoice.made', 'invoice.remembered',
  // what the provider says
  'webhook.received', 'webhook.stored', 'webhook.enqueued', 'inbox.claimed', 'inbox.asked', 'inbox.applied', 'payment.applying', 'payment.applied',
  // a hold that ends, in two phases
  'closing.marking', 'closing.marked', 'closing.answered', 'closing.ending', 'closing.ended',
  // offers
  'offer.accepting', 'offer.accepted', 'offer.declining', 'offer.declined',
  // the clock, and the end
  'clock.starting', 'clock.started', 'pause.beginning', 'pause.begun', 'pause.ending', 'pause.ended',
  'session.finishing', 'session.returned', 'session.settled', 'session.finished',
  // the provider's own lists
  'reconciliation.listed', 'reconciliation.healing', 'reconciliation.healed', 'fee.posting', 'fee.posted',
  // two persons, and what is done by them
  'approval.deciding', 'approval.decided', 'suspense.resolving', 'suspense.resolved',
  // credit by staff
  'credit.giving', 'credit.given', 'earning.holding',
  // an extension: asked for, paid, given up
  'extension.asking', 'extension.asked', 'extension.applying', 'extension.applied', 'extension.dropping', 'extension.dropped',
  // a tip
  'tip.asking', 'tip.asked',
  // a promo code comes back
  'promo.returning', 'promo.given-back',
  // a refund: asked for, decided on, sent, and its outcome
  'refund.requesting', 'refund.requested', 'refund.approving', 'refund.approved', 'refund.claimed', 'refund.noted', 'refund.made', 'refund.remembered', 'refund.asked',
  'refund.settling', 'refund.settled',
  // mitras are paid out
  'payout.requesting', 'payout.requested', 'batch.approving', 'batch.approved', 'payout.sending', 'payout.sent', 'payout.made', 'payout.remembered',
  'payout.asked', 'payout.settling', 'payout.settled',
  // a person is erased
  'erasure.asking', 'erasure.asked', 'erasure.erasing', 'erasure.erased',
  // what follows a commit
  'outbox.claimed', 'outbox.run', 'push.claimed', 'push.begun', 'push.sent', 'letter.claimed', 'letter.begun', 'letter.sent',
  // a message
  'message.storing', 'message.stored', 'message.published', 'message.acking', 'publish.flushing',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

let isArmed = false
let reach: (name: CrashPoint) => void = () => {}

/** Dies here when `FAULT_AT` names this point. Costs one comparison when nothing is armed. */
export function crashPoint(name: CrashPoint): void {
  if (isArmed) reach(name)
}

/** The same as the first thing after the commit of this transaction. Stands before the transaction's own effects. */
export function crashPointAfterCommit(tx: { afterCommit(effect: () => void): void }, name: CrashPoint): void {
  if (isArmed) tx.afterCommit(() => reach(name))
}

/** From now on the process is killed, as by `kill -9`, at the first of these points that it reaches. */
export function armCrashPoints(names: readonly CrashPoint[]): void {
  if (names.length === 0) return
  const armed = new Set(names)
  watchCrashPoints((name) => {
    if (armed.has(name)) process.kill(process.pid, 'SIGKILL')
  })
}

/** Tells of every point that is reached, until the function that it answers is called. */
export function watchCrashPoints(reached: (name: CrashPoint) => void): () => void {
  isArmed = true
  reach = reached
  return () => {
    isArmed = false
  }
}
