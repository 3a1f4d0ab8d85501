import t from 'tap'
import { refusalOf } from './problem.ts'

t.test('a lost connection is not ready, whatever its code looks like', async (t) => {
  for (const code of ['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND']) {
    const lost = Object.assign(new Error(`write ${code}`), { code })
    t.match(refusalOf(lost), { code: 'not_ready', status: 503 }, code)
    t.match(refusalOf(new Error('the query failed', { cause: lost })), { code: 'not_ready' }, `${code} below another error`)
  }
  t.match(refusalOf(Object.assign(new Error('a fault of ours'), { code: 'EFIVE' })), { code: 'internal', status: 500 })
})
