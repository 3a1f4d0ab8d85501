import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { makeCrowd, type Member } from './crowd.ts'
import { createPairClient, type PairClient } from './pair-client.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers, type BenchServers } from './servers.ts'

const STOPPED = 50
const PAIRS = 20
const PUSHED_BYTES = 100 * 1024 * 1024
/** The longest message: 4,000 characters of four bytes. */
const LONG = '🙂'.repeat(4000)
const UNDER_WAY = 20
const TALK_PER_SECOND = 100
const SETTLE_MS = 15_000

/**
 * 50 clients that stopped reading are members of a conversation into which 100 MB are sent; pairs talk on the same
 * replica meanwhile. What their replica holds for them, when they are gone, and what the pairs feel of it, beside the
 * same 100 MB sent to nobody else.
 */
export async function benchSlow(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 1, profileDir: options.profileDir, settings: { framesPerSecond: 10_000 } })
  try {
    const members = await makeCrowd(servers, STOPPED + 4 + 2 * PAIRS)
    const [alone, _peer, pushing, _other, ...rest] = members as [Member, Member, Member, Member, ...Member[]]
    const client = (member: Member) => createPairClient({ token: member.token, url: servers.replicas[0]!.url }, member.conversationId)
    const [first, pusher] = [await client(alone), await client(pushing)]
    const talkers = await Promise.all(rest.slice(STOPPED).map(client))
    const pairs = Array.from({ length: PAIRS }, (_, at) => [talkers[2 * at]!, talkers[2 * at + 1]!] as const)
    const [, quietMs] = await talkDuring(pairs, () => pause(options.seconds * 1000))
    const [, pushMs] = await talkDuring(pairs, () => push(first))
    // Only now: who says nothing for two pings is cut for that.
    const stopped = await Promise.all(rest.slice(0, STOPPED).map((member) => stopReading(servers, member)))
    await servers.owner.query('insert into conversation_members (conversation_id, user_id) select $1, unnest($2::uuid[])', [pushing.conversationId, stopped.map(({ member }) => member.id)])
    const before = await residentBytes(servers)
    let most = before
    const watch = setInterval(() => void residentBytes(servers).then((bytes) => (most = Math.max(most, bytes))), 500)
    const [pushedBytes, busyMs] = await talkDuring(pairs, () => push(pusher))
    await pause(SETTLE_MS)
    clearInterval(watch)
    const after = await residentBytes(servers)
    const closed = await metric(servers, 'realtime_slow_sockets_total')
    const within = await metric(servers, 'realtime_slow_socket_bytes_bucket\\{le="1048576"\\}')
    const open = await metric(servers, 'realtime_sockets')
    for (const { socket } of stopped) socket.terminate()
    for (const one of [first, pusher, ...talkers]) one.close()
    const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MB`
    return {
      summary: `${closed} of ${STOPPED} stopped clients sent away, ${within} of them holding at most 1 MiB; others' p99 ${busyMs.toFixed(0)} ms (${pushMs.toFixed(0)} ms without them)`,
      rows: [
        ['pushed', mb(pushedBytes)],
        ['resident memory before / at most / after', `${mb(before)} / ${mb(most)} / ${mb(after)}`],
        ['sent away as too slow, sockets left', `${closed}, ${open} of ${2 + 2 * PAIRS} that read`],
        ['pairs: send to peer p99, quiet / the same pushed to nobody / to the stopped', `${quietMs.toFixed(0)} / ${pushMs.toFixed(0)} / ${busyMs.toFixed(0)} ms`],
      ],
    }
  } finally {
    await servers.stop()
  }
}

async function stopReading(servers: BenchServers, member: Member): Promise<{ socket: WebSocket; member: Member }> {
  const socket = new WebSocket(`${servers.replicas[0]!.url.replace('http', 'ws')}/api/v1/realtime`, { perMessageDeflate: false, headers: { authorization: `Bearer ${member.token}` } })
  // Cut, it is; nobody answers a close.
  socket.on('error', () => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    if (data.toString('latin1', 9, 14) === 'ready') resolve()
  })
  await promise
  socket.pause()
  return { socket, member }
}

/** Sends long messages until so much has been sent to each member; answers how many bytes that were. */
async function push(client: PairClient): Promise<number> {
  const bytes = Buffer.byteLength(LONG)
  const wanted = Math.ceil(PUSHED_BYTES / bytes)
  const startedWith = client.ackedInAll
  client.keepSending(UNDER_WAY, LONG)
  while (client.ackedInAll - startedWith < wanted) await pause(20)
  await client.finish()
  return (client.ackedInAll - startedWith) * bytes
}

/** Every pair sends steadily while something else happens; answers what that answered, and the p99 to the peers in ms. */
async function talkDuring<T>(pairs: readonly (readonly [PairClient, PairClient])[], work: () => Promise<T>): Promise<[T, number]> {
  for (const [, to] of pairs) to.reset()
  let turn = 0
  const timer = setInterval(() => pairs[turn++ % pairs.length]![0].send('Masih di sini.'), 1000 / TALK_PER_SECOND)
  const result = await work()
  clearInterval(timer)
  await Promise.all(pairs.map(([from]) => from.finish()))
  await pause(500)
  const latenciesMs = pairs.flatMap(([, to]) => to.latenciesMs).toSorted((a, b) => a - b)
  return [result, latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? Number.NaN]
}

const residentBytes = (servers: BenchServers) => metric(servers, 'process_resident_memory_bytes')

async function metric(servers: BenchServers, name: string): Promise<number> {
  const page = await (await fetch(`${servers.replicas[0]!.internalUrl}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1] ?? 0)
}
