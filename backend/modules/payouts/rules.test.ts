import fc from 'fast-check'
import t from 'tap'
import { availableIdr, isAccountDead, isConfirmed, judgeByHand, judgeRefusal, judgeStatus, retrySeconds, statusOf, type Outcome, type PayoutState, type ProviderStatus, type Refused } from './rules.ts'

t.test('what the provider calls a payout', async (t) => {
  const table = {
    ACCEPTED: 'waiting', REQUESTED: 'waiting', LOCKED: 'waiting', PENDING_COMPLIANCE_ASSESSMENT: 'waiting', SUCCEEDED: 'succeeded',
    FAILED: 'failed', CANCELLED: 'failed', COMPLIANCE_REJECTED: 'failed', REVERSED: 'reversed',
    EXPIRED: 'unknown', '': 'unknown', toString: 'unknown', succeeded: 'succeeded',
  }
  for (const [told, means] of Object.entries(table)) t.equal(statusOf(told), means, told)
})

t.test('what a status means in each state', async (t) => {
  const toClearing = { act: 'settle', outcome: 'succeeded', from: 'pending', to: 'clearing' }
  const table: Record<PayoutState, Record<ProviderStatus, string | object>> = {
    requested: { waiting: 'contradiction', succeeded: 'contradiction', failed: 'contradiction', reversed: 'contradiction', unknown: 'unknown_status' },
    approved: { waiting: 'contradiction', succeeded: 'contradiction', failed: 'contradiction', reversed: 'contradiction', unknown: 'unknown_status' },
    sent: {
      waiting: 'nothing', succeeded: toClearing, failed: { act: 'settle', outcome: 'failed', from: 'pending', to: 'payable' },
      reversed: { act: 'settle', outcome: 'reversed', from: 'pending', to: 'payable' }, unknown: 'unknown_status',
    },
    succeeded: { waiting: 'nothing', succeeded: 'nothing', failed: 'contradiction', reversed: { act: 'settle', outcome: 'reversed', from: 'clearing', to: 'payable' }, unknown: 'unknown_status' },
    failed: { waiting: 'nothing', succeeded: 'contradiction', failed: 'nothing', reversed: 'nothing', unknown: 'unknown_status' },
    reversed: { waiting: 'nothing', succeeded: 'contradiction', failed: 'nothing', reversed: 'nothing', unknown: 'unknown_status' },
  }
  for (const [state, row] of Object.entries(table)) {
    for (const [status, expected] of Object.entries(row)) {
      t.same(judgeStatus(state as PayoutState, status as ProviderStatus), typeof expected === 'string' ? { act: expected } : expected, `${state}: ${status}`)
    }
  }
})

t.test('what persons say: the money goes from where it is to where that puts it', async (t) => {
  const [back, out] = [{ from: 'pending', to: 'payable' }, { from: 'clearing', to: 'payable' }]
  const table: Record<PayoutState, Record<Outcome, object | undefined>> = {
    requested: { succeeded: undefined, failed: undefined, reversed: undefined },
    approved: { succeeded: undefined, failed: { from: 'payable', to: 'payable' }, reversed: undefined },
    sent: { succeeded: { from: 'pending', to: 'clearing' }, failed: back, reversed: back },
    succeeded: { succeeded: { from: 'clearing', to: 'clearing' }, failed: out, reversed: out },
    failed: { succeeded: { from: 'payable', to: 'clearing' }, failed: { from: 'payable', to: 'payable' }, reversed: { from: 'payable', to: 'payable' } },
    reversed: { succeeded: { from: 'payable', to: 'clearing' }, failed: { from: 'payable', to: 'payable' }, reversed: { from: 'payable', to: 'payable' } },
  }
  for (const [state, row] of Object.entries(table)) {
    for (const [outcome, expected] of Object.entries(row)) t.same(judgeByHand({ state: state as PayoutState, wasSent: true }, outcome as Outcome), expected, `${state}: ${outcome}`)
  }
  t.same(judgeByHand({ state: 'failed', wasSent: false }, 'succeeded'), undefined, 'what was never sent')
  t.same(['INVALID_DESTINATION', 'TEMPORARY_TRANSFER_ERROR', 'by_hand', null].map(isAccountDead), [true, false, false, false])
})

t.test('whatever is told in whatever order, the money is in one place, and came back at most once', async () => {
  fc.assert(fc.property(fc.array(fc.constantFrom<ProviderStatus>('waiting', 'succeeded', 'failed', 'reversed', 'unknown'), { maxLength: 12 }), (told) => {
    let state: PayoutState = 'sent'
    const money = { pending: 1, clearing: 0, payable: 0 }
    for (const status of told) {
      const verdict = judgeStatus(state, status)
      if (verdict.act !== 'settle') continue
      money[verdict.from]--
      money[verdict.to]++
      state = verdict.outcome
    }
    const place = { sent: 'pending', succeeded: 'clearing', failed: 'payable', reversed: 'payable' } as const
    return Object.values(money).every((sum) => sum >= 0) && money[place[state]] === 1
  }))
})

t.test('an event is believed only as far as the provider has come', async (t) => {
  t.equal(isConfirmed('succeeded', 'waiting'), false)
  t.equal(isConfirmed('failed', 'succeeded'), false)
  t.equal(isConfirmed('reversed', 'succeeded'), false)
  t.equal(isConfirmed('succeeded', 'reversed'), true, 'it came late')
  for (const status of ['waiting', 'succeeded', 'failed', 'reversed'] as const) t.equal(isConfirmed(status, status), true)
})

t.test('what can be asked for', async (t) => {
  t.equal(availableIdr({ payableIdr: 100_000, heldIdr: 30_000, openIdr: 20_000 }), 50_000)
  t.equal(availableIdr({ payableIdr: -5000, heldIdr: 0, openIdr: 0 }), 0, 'a clawback is owed to us')
  t.equal(availableIdr({ payableIdr: 10_000, heldIdr: 30_000, openIdr: 0 }), 0)
  fc.assert(fc.property(fc.integer(), fc.nat(), fc.nat(), (payableIdr, heldIdr, openIdr) => {
    const available = availableIdr({ payableIdr, heldIdr, openIdr })
    return available >= 0 && available <= Math.max(0, payableIdr)
  }))
})

t.test('refusals and waiting', async (t) => {
  const refused = { call: 'create', providerCode: 'INVALID_DESTINATION', triesBefore: 0 } as const
  const judge = (change: Partial<Refused>) => [400, 404, 422, 401, 403, 408, 409, undefined].map((status) => judgeRefusal({ ...refused, status, ...change }))
  const unclear = Array<string>(8).fill('unclear')
  t.same(judge({}), ['final', 'final', 'final', 'not_made', 'not_made', 'unclear', 'unclear', 'unclear'])
  t.same(judge({ triesBefore: 1 }), ['not_made', 'not_made', 'not_made', 'not_made', 'not_made', 'unclear', 'unclear', 'unclear'], 'an earlier try may have made one')
  t.same(judge({ call: 'list' }), unclear, 'that it can’t be looked for says nothing')
  for (const providerCode of [undefined, 'Not Found', 'DUPLICATE_ERROR', 'IDEMPOTENCY_ERROR']) t.same(judge({ providerCode }), unclear, providerCode ?? 'a page of a proxy')
  t.same([0, 1, 5, 9, 1000].map(retrySeconds), [1, 2, 32, 300, 300])
})
