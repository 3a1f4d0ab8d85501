import t from 'tap'
import type { SignedIn } from '../../platform/realtime/connection.ts'
import { paceSyncs } from './pace-syncs.ts'

t.test('a sync that fails stops nothing that waits behind it, and is told once', async (t) => {
  const asked: string[][] = []
  const first = Promise.withResolvers<void>()
  const paced = paceSyncs(async (_connection, asks) => {
    asked.push(asks.map((ask) => ask.id))
    if (asked.length === 1) await first.promise
  })
  const connection = { isOpen: true } as SignedIn // all that pacing looks at
  const ask = (conversationId: string) => paced(connection, [{ id: conversationId, afterSeq: 0 }])
  const failing = ask('a')
  await Promise.all([ask('b'), ask('c')])
  first.reject(new Error('away'))
  await t.rejects(failing, { message: 'away' })
  t.same(asked, [['a'], ['b', 'c']])
  await ask('d')
  t.same(asked.at(-1), ['d'], 'and the socket may ask again')
})
