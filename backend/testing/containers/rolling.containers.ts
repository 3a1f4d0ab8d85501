import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { crowd } from '../crowd.ts'
import { call } from '../http.ts'
import { keepTalking, untilAcked } from '../outage.ts'
import { startPairs } from '../pairs.ts'
import type { Person } from '../people.ts'
import { chooseSeed, createRandom } from '../random.ts'
import { buildImage, docker, tryDocker } from './engine.ts'
import { startStack } from './stack.ts'

const seed = chooseSeed()
const NEXT_SHA = 'fedcba9876543210fedcba9876543210fedcba98'
const SIGNALLED_WITHIN_S = 25

/** Calls of apps one after the other in some lanes, until they are ended; what did not get its answer is kept. */
function keepCalling(people: readonly Person[]) {
  const failed: string[] = []
  const over = new AbortController()
  let done = 0
  const acts = [
    (person: Person) => person.call('GET', '/api/v1/me'),
    (person: Person) => person.call('PATCH', '/api/v1/me', { body: { displayName: `Citra ${done % 100}` } }),
    (person: Person) => person.call('GET', '/api/v1/conversations'),
    (person: Person) => call(person.url, 'GET', '/api/v1/availability', { token: person.token }),
  ]
  const lane = async (person: Person) => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      const answer = await acts[turn % acts.length]!(person).catch((error: unknown) => ({ status: 0, text: String(error instanceof Error ? (error.cause ?? error) : error) }))
      if (answer.status !== 200) failed.push(`${turn % acts.length}: ${answer.status} ${answer.text.slice(0, 200)}`)
      done++
      await pause(25)
    }
  }
  const lanes = Promise.all(people.map(lane))
  return { failed, done: () => done, async end() {
    over.abort()
    await lanes
  } }
}

t.test(`both replicas are replaced by another version while people call and talk (SEED=${seed})`, async (t) => {
  const next = await buildImage('b', { GIT_SHA: NEXT_SHA })
  const stack = await startStack(t)
  const people = await crowd(stack, { kind: 'customer', count: 6 })
  const pairs = await startPairs(stack, { count: 4, random: createRandom(seed) })
  t.teardown(() => pairs.stop())
  const calls = keepCalling(people)
  const talk = keepTalking(pairs, 30)
  for (const service of ['api-1', 'api-2']) {
    const before = { done: calls.done(), acked: pairs.acked() }
    const replaced = await stack.tryCompose(['up', '--detach', '--no-deps', '--no-build', '--wait', service], { HALOBESTIE_IMAGE: next })
    t.equal(replaced.code, 0, `${service} is replaced${replaced.code === 0 ? '' : `: ${replaced.output}`}`)
    await untilAcked(pairs)
    t.ok(calls.done() > before.done && pairs.acked() > before.acked, 'meanwhile it went on')
  }
  const versions = await Promise.all(Array.from({ length: 6 }, async () => ((await (await fetch(`${stack.url}/health`)).json()) as { version: string }).version))
  t.same([...new Set(versions)], [NEXT_SHA], 'only the new version answers')
  await calls.end()
  await talk.end()
  t.same(calls.failed, [], `${calls.done()} requests, none failed`)
  t.same(await pairs.findFaults(), [], `${pairs.acked()} messages acked, none lost`)
  t.same(pairs.clients.flatMap((client) => client.rejected), [], 'none refused')

  // Whoever is not done by then is killed, and its exit code is 137.
  const stopped = async (service: string) => {
    const id = await stack.containerOf(service)
    await docker('stop', '--time', String(SIGNALLED_WITHIN_S), id)
    return Number(await docker('inspect', '--format', '{{.State.ExitCode}}', id))
  }
  await t.test('SIGTERM ends a replica with exit code 0, whatever is away', async (t) => {
    const again = keepTalking(pairs, 20)
    t.equal(await stopped('api-1'), 0, 'with clients on it')
    await again.end()
    await stack.compose('start', 'api-1')
    await stack.compose('up', '--detach', '--no-deps', '--no-build', '--no-recreate', '--wait', 'api-1')
    await docker('pause', await stack.containerOf('valkey'))
    t.equal(await stopped('api-2'), 0, 'with Valkey away')
    await docker('pause', await stack.containerOf('postgres'))
    t.equal(await stopped('api-1'), 0, 'with Postgres away too')
    const proxy = await tryDocker(['stop', '--time', '25', await stack.containerOf('proxy')])
    t.equal(proxy.code, 0)
    for (const service of ['postgres', 'valkey']) await docker('unpause', await stack.containerOf(service))
  })
})
