import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { startValkey } from '../testing/servers/valkey.ts'
import { eventually } from '../testing/wait.ts'
import { createLog } from './log.ts'
import { connectValkey } from './valkey.ts'

const log = createLog({ level: 'silent', environment: 'development' })

t.test('listeners hear again after the connection was lost, and a link that is closed while it comes back leaves nothing behind', async (t) => {
  const server = await startValkey()
  t.teardown(() => server.stop())
  const gate = await startFaultProxy(t, Number(new URL(server.url).port))
  const url = `redis://127.0.0.1:${gate.port}`
  const links = Array.from({ length: 12 }, () => {
    const heard: string[] = []
    const link = connectValkey(url, log)
    for (const channel of ['a', 'b']) link.subscribe(channel, (message) => heard.push(message))
    return { link, heard }
  })
  const hear = (word: string) => eventually(() => {
    for (const { link, heard } of links) if (!heard.includes(word)) link.broadcast('b', word)
    return links.every(({ heard }) => heard.includes(word))
  }, `everybody hears ${word}`)
  await hear('one')
  gate.reset()
  await hear('two')

  // Slow answers make the moment long in which the subscription is asked for and not there; they are closed all over it.
  gate.shape({ latencyMs: 100 })
  gate.reset()
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  await Promise.all(links.map(async ({ link }, index) => {
    await pause(index * 40)
    await link.close()
  }))
  await pause(1)
  t.same(unhandled, [])
})
