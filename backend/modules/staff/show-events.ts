import type { InboxEvent } from '../payments/index.ts'
import { readPayoutEvent } from '../payouts/index.ts'
import { readRefundEvent } from '../refunds/index.ts'
import type { By } from './by.ts'
import type { InboxEventView } from './inbox-contract.ts'
import { mayAct } from './roles.ts'

/** What an event about something else than an invoice claims, by the reader of the module that judges it. */
export function claimsOf(kind: string, body: Buffer): object | undefined {
  if (kind.startsWith('refund')) return readRefundEvent(body)
  return kind.startsWith('payout') ? readPayoutEvent(body) : undefined
}

/** What a provider sent, with what `by` may do with it as it stands. */
export function showEvents(by: Pick<By, 'role'>, events: readonly InboxEvent[]): InboxEventView[] {
  const mayReplay = mayAct(by.role, 'parked.replay')
  return events.map((event) => ({
    ...event, receivedAt: event.receivedAt.toISOString(), settledAt: event.settledAt?.toISOString() ?? null, acts: mayReplay && event.state === 'parked' ? ['replay'] : [],
  }))
}
