import { Redis } from 'iovalkey'
import type { Log } from './log.ts'

export type ValkeyLink = {
  /** Fails fast: no offline queue, 500 ms a command. Only inside `attempt`. */
  readonly command: Redis
  /** True while the last word from Valkey was a good one. */
  isUp(): boolean
  /** Runs `work` against Valkey; answers `undefined` at once when Valkey is away, slow or wiped underneath us. */
  attempt<T>(work: (client: Redis) => Promise<T>): Promise<T | undefined>
  /** Sends to every replica (this one too). Never waits, never throws. */
  broadcast(channel: string, message: string): void
  subscribe(channel: string, listener: (message: string) => void): void
  /** Called at every (re)connection, the first one included. */
  onConnect(listener: () => void): void
  close(): Promise<void>
}

const COMMAND_TIMEOUT_MS = 500
/** After a failure nobody asks until a ping, sent this often, is answered: a blackholed Valkey costs one time-out, not one a request. */
const PROBE_MS = 500
/** A connection that owes an answer for this long is cut: the other side may be gone without a word. */
const SILENT_MS = 3000
/** A subscriber asks for nothing by itself, and would never find out. */
const WATCH_MS = 5000

/** `patienceMs`: how long a command may take before Valkey counts as away. */
export function connectValkey(url: string, log: Log, patienceMs = COMMAND_TIMEOUT_MS): ValkeyLink {
  const command = new Redis(url, {
    lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, connectTimeout: 2000,
    commandTimeout: patienceMs, socketTimeout: Math.max(SILENT_MS, patienceMs), retryStrategy: (times) => Math.min(times * 50, 1000), enableAutoPipelining: true,
  })
  const subscriber = new Redis(url, {
    // The library's own way to subscribe again leaves a rejection unhandled when the link is closed just then.
    lazyConnect: true, enableOfflineQueue: true, maxRetriesPerRequest: null, connectTimeout: 2000, autoResubscribe: false,
    keepAlive: 10_000, socketTimeout: Math.max(SILENT_MS, patienceMs), retryStrategy: (times) => Math.min(times * 50, 1000),
  })
  const watch = setInterval(() => {
    if (subscriber.status === 'ready') subscriber.ping().catch(report)
  }, WATCH_MS).unref()
  const listeners = new Map<string, ((message: string) => void)[]>()
  const connectListeners: (() => void)[] = []
  let isSuspect = false
  let isClosed = false
  let probe: NodeJS.Timeout | undefined
  let isConnected = false
  let wasReported = false

  const trust = () => {
    clearTimeout(probe)
    isSuspect = false
    wasReported = false
  }
  const suspect = (error: Error) => {
    report(error)
    if (isSuspect) return
    isSuspect = true
    ask()
  }
  const ask = () => {
    if (!isClosed) probe = setTimeout(() => void command.ping().then(trust, ask), PROBE_MS).unref()
  }
  const report = (error: Error) => {
    if (!wasReported) log.warn({ err: error }, 'valkey is away')
    wasReported = true
  }
  command.on('error', report)
  subscriber.on('error', report)
  command.on('ready', () => {
    isConnected = true
    trust()
    for (const listener of connectListeners) listener()
  })
  command.on('close', () => {
    isConnected = false
  })
  subscriber.on('ready', () => {
    if (listeners.size > 0) subscriber.subscribe(...listeners.keys()).catch(report)
  })
  subscriber.on('message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message)
  })
  const connecting = [command.connect(), subscriber.connect()].map((attempt) => attempt.catch(report))

  const isUp = () => isConnected && !isSuspect
  const link: ValkeyLink = {
    command,
    isUp,
    async attempt(work) {
      if (!isUp()) return undefined
      try {
        return await work(command)
      } catch (error) {
        suspect(error as Error)
        return undefined
      }
    },
    broadcast(channel, message) {
      void link.attempt((client) => client.publish(channel, message))
    },
    subscribe(channel, listener) {
      const known = listeners.get(channel)
      if (known) known.push(listener)
      else {
        listeners.set(channel, [listener])
        if (subscriber.status === 'ready') subscriber.subscribe(channel).catch(report)
      }
    },
    onConnect(listener) {
      connectListeners.push(listener)
      if (isConnected) listener()
    },
    async close() {
      isClosed = true
      clearTimeout(probe)
      clearInterval(watch)
      command.disconnect()
      subscriber.disconnect()
      await Promise.all(connecting)
    },
  }
  return link
}
