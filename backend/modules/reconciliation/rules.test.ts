import t from 'tap'
import type { StatementLine } from '../../platform/gateways.ts'
import { judgeLine } from './rules.ts'
import { beginRun } from './run.ts'

const line: StatementLine = { id: 'l', type: 'PAYMENT', status: 'SUCCESS', referenceId: 'p', amountIdr: 25_000, feeIdr: 4000, taxIdr: 440, withheldIdr: 0, feeStatus: 'COMPLETED', currency: 'IDR', at: new Date(0) }

t.test('a fee is posted once it is final, in whole rupiah', async (t) => {
  const cases: [Partial<StatementLine>, string][] = [
    [{}, 'post'], [{ feeIdr: 0, taxIdr: 0, withheldIdr: 90 }, 'post'], [{ feeStatus: 'PENDING' }, 'nothing'], [{ feeStatus: 'REVERSED' }, 'nothing'], [{ feeIdr: 0, taxIdr: 0 }, 'nothing'],
    [{ feeStatus: 'REVISED' }, 'unknown_status'], [{ feeStatus: '' }, 'unknown_status'], [{ feeStatus: '', feeIdr: 0, taxIdr: 0 }, 'nothing'],
    [{ taxIdr: 440.5 }, 'fraction_of_rupiah'], [{ feeIdr: -1 }, 'fraction_of_rupiah'], [{ currency: 'USD' }, 'currency_mismatch'],
  ]
  for (const [changes, verdict] of cases) t.equal(judgeLine({ ...line, ...changes }), verdict, JSON.stringify(changes))
})

t.test('what is posted of a line stays: another fee, or none any more, is for staff', async (t) => {
  const posted = { feeIdr: 4440, withheldIdr: 0 }
  t.equal(judgeLine(line, posted), 'nothing')
  for (const changes of [{ feeIdr: 4001 }, { feeIdr: 0, taxIdr: 0 }, { withheldIdr: 60 }, { feeStatus: 'REVERSED' }, { feeStatus: 'PENDING' }, { taxIdr: 440.5 }]) {
    t.equal(judgeLine({ ...line, ...changes }, posted), 'fee_changed', JSON.stringify(changes))
  }
})

t.test('nobody waits for the comparison of the night: it outlasts a minute whose calls are used up', async (t) => {
  const begun = { id: 'r', startedAt: new Date(0) }
  t.ok(beginRun({ ...begun, scope: 'nightly' }).patienceMs > 60_000)
  t.ok(beginRun({ ...begun, scope: 'recent' }).patienceMs < 60_000)
})
