import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startCluster } from '../testing/cluster.ts'
import { signIn } from '../testing/people.ts'
import { eventually } from '../testing/wait.ts'

const HOUR = 3_600_000
/** Enough to have something under way at every moment; more would only take the machine away from who starts. */
const EVERY_MS = 20
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()

t.test('signing keys and the webhook token are replaced under load: nothing fails, and the old ones end', async (t) => {
  const [old, next] = ['old', 'next'].map((kid) => ({ kid, secret: randomBytes(32).toString('base64') }))
  const [oldToken, newToken] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')]
  const keys = (...list: object[]) => JSON.stringify(list)
  const before = { AUTH_JWT_KEYS: keys({ ...old, active: true }, { ...next, active: false }), XENDIT_WEBHOOK_TOKEN: oldToken }
  const replacing = (until: string) => ({
    AUTH_JWT_KEYS: keys({ ...old, active: false, validUntil: until }, { ...next, active: true }), XENDIT_WEBHOOK_TOKEN: newToken,
    XENDIT_WEBHOOK_TOKEN_PREVIOUS: oldToken, XENDIT_WEBHOOK_TOKEN_PREVIOUS_UNTIL: until,
  })
  const cluster = await startCluster(t, { env: before, settings: { userRequests: 1_000_000, anonymousRequests: 1_000_000 } })
  const person = await signIn(cluster, { kind: 'customer' })

  // Each on a connection of its own: one that idled while this process stood still may be closed by the time it is used again.
  const ask = async (method: string, url: string, headers: Record<string, string>, body = '') => {
    const sent = request(url, { method, agent: false, headers: { ...headers, 'content-length': String(body.length) } }).end(body)
    const [answer] = await once(sent, 'response') as [IncomingMessage]
    await once(answer.resume(), 'end')
    return answer.statusCode!
  }
  const me = (url: string, token = person.token) => ask('GET', `${url}/api/v1/me`, { authorization: `Bearer ${token}` })
  let told = 0
  const webhook = (url: string, token: string) => ask('POST', `${url}/webhooks/xendit/invoice`, { 'x-callback-token': token, 'content-type': 'application/json' }, `{"n":${++told}}`)

  // A balancer that takes out whoever is being replaced, and lets them go when the last of their answers has come.
  const behind = new Set([0, 1])
  const underWay = [0, 0]
  const stopping = new AbortController()
  const answers = new Map<string, number>()
  const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1)
  const load = Promise.all(Array.from({ length: 4 }, async (_, lane) => {
    for (let turn = lane; !stopping.signal.aborted; turn++) {
      const index = [...behind][turn % behind.size]!
      const { url } = cluster.replicas[index]!
      underWay[index]!++
      await (turn % 2 === 0 ? me(url) : webhook(url, oldToken)).then((status) => count(`${turn % 2 === 0 ? 'call' : 'webhook'} ${status}`), (error: unknown) => count(`no answer: ${String(error)}`))
      underWay[index]!--
      await pause(EVERY_MS)
    }
  }))
  for (const index of [0, 1]) {
    behind.delete(index)
    await eventually(() => underWay[index] === 0, 'the last answers have come')
    await cluster.replicas[index]!.kill('SIGTERM')
    await cluster.startReplica(index, replacing(at(1)))
    behind.add(index)
    const so = told
    await eventually(() => told > so + 10, 'the load goes on')
  }
  stopping.abort()
  await load
  t.same([...answers.keys()].toSorted(), ['call 200', 'webhook 200'], 'not one was refused or lost')

  const [one, two] = cluster.replicas.map((replica) => replica.url) as [string, string]
  const fresh = await signIn(cluster, { kind: 'customer' })
  t.equal(JSON.parse(Buffer.from(fresh.token.split('.')[0]!, 'base64url').toString()).kid, 'next')
  t.same(await Promise.all([me(one), me(two), webhook(one, oldToken), webhook(two, newToken)]), [200, 200, 200, 200], 'both are good while they are replaced')

  await cluster.replicas[0]!.kill('SIGTERM')
  const { url } = await cluster.startReplica(0, replacing(at(-1)))
  t.same(await Promise.all([me(url), webhook(url, oldToken)]), [401, 401], 'after their grace the old ones are refused')
  t.same(await Promise.all([me(url, fresh.token), webhook(url, newToken)]), [200, 200])
})
