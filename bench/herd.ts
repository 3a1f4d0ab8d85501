import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { projectRoot } from '../backend/testing/servers/processes.ts'
import { makeCrowd, type Member } from './crowd.ts'
import { createPairClient, type PairClient } from './pair-client.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers, type BenchServers } from './servers.ts'

const HERD = 3000
/** Open at once while the herd is brought together; not measured. */
const GATHERING = 200
const GIVE_UP_MS = 60_000
/** Messages a second of the pair that talks meanwhile. */
const TALK_PER_SECOND = 20

/** How a socket comes back: resolves when it has what it missed. */
type Come = (at: number) => Promise<HerdSocket>
type HerdSocket = { socket: WebSocket; reconnectAfterMs: number }
type Return = { allMs: number; p50Ms: number; failures: number }

/**
 * 3,000 sockets on two replicas cut at once: all come back in the same moment, each to the other replica, and have the
 * message that they missed. Then once more with the wait that the server advised. Beside it the same herd on bare ws, and
 * what somebody who sends meanwhile feels of it.
 */
export async function benchHerd(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 2, profileDir: options.profileDir })
  const bare = await startBareServer()
  try {
    const members = await makeCrowd(servers, HERD + 2)
    const pair = await createPair(servers, members.slice(HERD) as [Member, Member])
    const quiet = await talkDuring(pair, () => pause(options.seconds * 1000 / 2))
    const raw = await cutAndReturn((_at) => comeTo(bare.url, undefined), async () => {})
    const comeBack = (round: number): Come => (at) => comeTo(servers.replicas[(at + round) % servers.replicas.length]!.url, members[at], round)
    const miss = (round: number) => () => missMessages(servers, members.slice(0, HERD), round)
    const [atOnce, talkAtOnce] = await talkDuring(pair, () => cutAndReturn(comeBack(1), miss(1), comeBack(0)))
    const [advised, talkAdvised] = await talkDuring(pair, () => cutAndReturn(comeBack(3), miss(3), comeBack(2), true))
    for (const client of pair) client.close()
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
    return {
      summary: `${HERD} sockets resumed in ${seconds(atOnce.allMs)} with ${atOnce.failures + advised.failures} failures (bare ws ${seconds(raw.allMs)}, × ${(atOnce.allMs / raw.allMs).toFixed(1)})`,
      ratios: [
        { name: 'failed to resume', value: atOnce.failures + advised.failures, atMost: 0 },
        // Bare ws reads and owes nothing: the line is what was reached, to be held.
        { name: 'all resumed in one moment to bare ws all back', value: atOnce.allMs / raw.allMs, atMost: 6 },
      ],
      rows: [
        ['bare ws: all back, p50', `${seconds(raw.allMs)}, ${seconds(raw.p50Ms)}, ${raw.failures} failures`],
        ['all in one moment: all resumed, p50', `${seconds(atOnce.allMs)}, ${seconds(atOnce.p50Ms)}, ${atOnce.failures} failures`],
        ['as advised (reconnectAfterMs): all resumed, p50', `${seconds(advised.allMs)}, ${seconds(advised.p50Ms)}, ${advised.failures} failures`],
        ['send to peer p99, quiet / herd in one moment / as advised', [quiet[1], talkAtOnce, talkAdvised].map((ms) => `${ms.toFixed(0)} ms`).join(' / ')],
      ],
    }
  } finally {
    bare.stop()
    await servers.stop()
  }
}

async function cutAndReturn(come: Come, whileAway: () => Promise<void>, first = come, isAdvised = false): Promise<Return> {
  const herd: HerdSocket[] = []
  for (let from = 0; from < HERD; from += GATHERING) herd.push(...await Promise.all(Array.from({ length: Math.min(GATHERING, HERD - from) }, (_, at) => first(from + at))))
  const closed = Promise.all(herd.map(({ socket }) => once(socket, 'close')))
  for (const { socket } of herd) socket.terminate()
  await closed
  await whileAway()
  const startedAt = performance.now()
  const tookMs: number[] = []
  let failures = 0
  const back = await Promise.all(herd.map(async ({ reconnectAfterMs }, at) => {
    if (isAdvised) await pause(reconnectAfterMs)
    try {
      const returned = await come(at)
      tookMs.push(performance.now() - startedAt)
      return returned
    } catch (error) {
      if (failures++ === 0) console.error(error)
      return undefined
    }
  }))
  const allMs = performance.now() - startedAt
  for (const returned of back) returned?.socket.terminate()
  tookMs.sort((a, b) => a - b)
  return { allMs, failures, p50Ms: tookMs[tookMs.length >> 1] ?? Number.NaN }
}

// Reads frames by their first characters: the load generator shares the machine with what it measures.
function comeTo(url: string, member: Member | undefined, round = 0): Promise<HerdSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<HerdSocket>()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/realtime`, { perMessageDeflate: false, ...(member === undefined ? {} : { headers: { authorization: `Bearer ${member.token}` } }) })
  const giveUp = setTimeout(() => reject(new Error('did not come back in time')), GIVE_UP_MS)
  let reconnectAfterMs = 0
  let isResumed = false
  socket.on('message', (data: Buffer) => {
    const type = data.toString('latin1', 9, 29)
    if (type.startsWith('authenticated')) reconnectAfterMs = (JSON.parse(data.toString()) as { reconnectAfterMs: number }).reconnectAfterMs
    else if (type.startsWith('ready')) socket.send(`{"type":"sync","conversations":[{"id":"${member?.conversationId ?? ''}","afterSeq":${Math.max(0, Math.floor((round + 1) / 2) - 1)}}]}`)
    else if (type.startsWith('conversation:synced')) {
      // Even rounds only bring the herd together.
      if (round % 2 === 1 && !data.includes('"missed"')) reject(new Error(`what was missed is missing: ${data.toString()}`))
      isResumed = true
      clearTimeout(giveUp)
      resolve({ socket, reconnectAfterMs })
    } else if (type.startsWith('error')) reject(new Error(data.toString()))
  })
  socket.on('error', reject)
  socket.on('close', (code) => isResumed || reject(new Error(`closed ${code}`)))
  return promise.finally(() => clearTimeout(giveUp))
}

async function missMessages(servers: BenchServers, members: readonly Member[], round: number): Promise<void> {
  const seq = (round + 1) / 2
  await servers.owner.query(`
    with moved as (update conversations set head_seq = $3, head_at = now() where id = any($1) returning id)
    insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at) select id, $3, gen_random_uuid(), gen_random_uuid(), $2, 'missed', now() from moved`,
  [[...new Set(members.map((member) => member.conversationId))], members[0]!.id, seq])
}

async function createPair(servers: BenchServers, members: [Member, Member]): Promise<[PairClient, PairClient]> {
  const clients = await Promise.all(members.map(({ token, conversationId }, at) => createPairClient({ token, url: servers.replicas[at]!.url }, conversationId)))
  return clients as [PairClient, PairClient]
}

/** Sends steadily while something else happens; answers what that answered, and the p99 from a send to the peer, in ms. */
async function talkDuring<T>([a, b]: [PairClient, PairClient], work: () => Promise<T>): Promise<[T, number]> {
  b.reset()
  const timer = setInterval(() => a.send('Masih di sini.'), 1000 / TALK_PER_SECOND)
  const result = await work()
  clearInterval(timer)
  await a.finish()
  await pause(500)
  const latenciesMs = b.latenciesMs.toSorted((one, other) => one - other)
  return [result, latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? Number.NaN]
}

async function startBareServer(): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, [join(projectRoot, 'bench/bare-server.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data') as [Buffer]
  return { url: `http://127.0.0.1:${port.toString().trim()}`, stop: () => void child.kill() }
}
