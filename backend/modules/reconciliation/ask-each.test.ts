import t from 'tap'
import { startPayments } from '../../testing/payments.ts'
import { callBudget } from '../payments/index.ts'
import { askEach } from './ask-each.ts'
import { beginRun } from './run.ts'

t.test('what can’t be noted as asked about spends no calls', async (t) => {
  const { ctx } = await startPayments(t, { settings: { providerCallsPerMinute: 8 } })
  const run = beginRun({ id: ctx.ids.next(), scope: 'recent', startedAt: new Date() }, 0)
  const asked: string[] = []
  const askAbout = (begin: () => Promise<void>) => askEach(ctx, run, {
    part: 'overdue', pages: (async function* () {
      yield ['one', 'two', 'three']
    })(), begin, ask: async (item) => void asked.push(item),
  })
  for (let n = 0; n < 3; n++) await t.rejects(askAbout(() => Promise.reject(new Error('away'))), /away/)
  t.same(asked, [])
  t.equal(await askAbout(async () => {}), undefined)
  t.same(asked.toSorted(), ['one', 'three', 'two'])
  t.equal(callBudget(ctx).take(8), 5)
})
