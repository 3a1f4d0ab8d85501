import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createInternalApp } from './internal-app.ts'
import { createSender } from './modules/chat/index.ts'
import { createTokenVerifier } from './modules/identity/index.ts'
import { createLiveness, createMirror, type Liveness } from './modules/mitras/index.ts'
import { createSeenCustomers, type SeenCustomers } from './modules/sessions/index.ts'
import { createLexicon } from './modules/moderation/index.ts'
import { createTemplates } from './modules/notifications/index.ts'
import { loadSettings, watchSettings, type SettingsWatch } from './modules/settings/index.ts'
import { createLiveSockets, createStaffAuthenticator, mayAct, type LiveSockets } from './modules/staff/index.ts'
import type { UserActor } from './platform/access.ts'
import { configOf, SHOWN_SETTINGS } from './platform/app-config.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import type { Ctx } from './platform/ctx.ts'
import type { Env } from './platform/env.ts'
import type { Readiness } from './platform/health.ts'
import { checkSchema } from './platform/migrations.ts'
import { ownAddress } from './platform/own-address.ts'
import { createQueueBoard } from './platform/queue-board.ts'
import { createHeartbeat } from './platform/replicas.ts'
import { createHub, type Hub } from './platform/realtime/hub.ts'
import type { Realtime } from './platform/realtime/realtime.ts'
import { startReports } from './platform/reports.ts'
import { startTracing } from './platform/tracing.ts'
import { createPublicApp, createPublicRealtime } from './public-app.ts'
import { startWorker, type WorkerOptions } from './worker.ts'
import { createWorld, type WorldOverrides } from './world.ts'

export type ReplicaOptions = WorldOverrides & {
  authenticators?: { public?: Authenticators; internal?: Authenticators }
  worker?: Omit<WorkerOptions, 'producer'>
  /** The folder of the built control center, where it is another than the project's own. */
  pages?: string
  /** More routes on either listener, mounted before it listens. */
  mount?: (ctx: Ctx, apps: { publicApp: FastifyInstance; internalApp: FastifyInstance }) => void | Promise<void>
}

/** Something that runs behind the listeners. */
type Part = {
  /** Called once the schema is in range; tried again, with all parts, when it throws. */
  start?(): Promise<void> | void
  /** Sends its clients away, spread over the time given. */
  drain?(withinSeconds: number): Promise<void>
  /** Also when it was never started. */
  stop(): Promise<void> | void
}

export type Replica = {
  ctx: Ctx
  publicApp: FastifyInstance
  internalApp: FastifyInstance
  publicUrl: string
  internalUrl: string
  readiness: Readiness
  realtime: Realtime
  live: LiveSockets
  liveness: Liveness
  /** Resolves once the replica serves (schema in range, settings read, workers running), or stops before it ever did. */
  serving: Promise<void>
  /** Finishes what is under way and closes everything. Every step has its own deadline, 20 s together. */
  stop(): Promise<void>
}

const BOOT_RETRY_MS = 500
/** A herd connects in one moment: who does not fit into the kernel's queue is lost for seconds. The kernel may allow less. */
const BACKLOG = 4096
const REQUESTS_WITHIN_MS = 6000
const PARTS_WITHIN_MS = 3000
const CLOSE_WITHIN_MS = 1500
/** The clocks of sessions whose customer was seen start this often. */
const CLOCKS_MS = 1000

/** One whole replica: both listeners and what runs behind them. Throws when a listener can't be opened. */
export async function startReplica(env: Env, options: ReplicaOptions = {}): Promise<Replica> {
  const tracing = await startTracing(env, (reason) => ctx.log.warn({ reason }, 'traces could not be sent'))
  const reports = await startReports(env, (reason) => ctx.log.warn({ reason }, 'an error could not be reported'))
  const world = createWorld(env, { tracing, reports, ...options })
  const { ctx } = world
  const readiness = createReadiness(ctx)
  const verifier = createTokenVerifier(ctx)
  const liveness = createLiveness(ctx)
  const hub = createHub(ctx)
  world.plugs.publish = hub.publish
  const lexicon = createLexicon(ctx)
  const sender = createSender(ctx, (text) => lexicon.screen(text))
  const customers = createSeenCustomers(ctx)
  const seen = (actor: UserActor) => (actor.kind === 'mitra' ? liveness : customers).seen(actor.id)
  const realtime = createPublicRealtime(ctx, hub, { verifier, sender, seen })
  // In this order: a token that was revoked before the start is refused from the start.
  const heartbeat = createHeartbeat(ctx)
  const live = createLiveSockets(ctx)
  const queueBoard = createQueueBoard(ctx)
  const parts: Part[] = [settingsInForce(ctx, hub, heartbeat, realtime), heartbeat, lexicon, createTemplates(ctx), verifier, liveness, createMirror(ctx), realtime, live, queueBoard, sender, clocksOf(ctx, customers), backgroundWork(ctx, { producer: world.producer, ...options.worker })]
  const apps: FastifyInstance[] = []
  try {
    const publicApp = await createPublicApp(ctx, { readiness, liveness, seen, realtime, sender, lexicon, authenticators: options.authenticators?.public ?? { user: (token) => verifier.verify(token) } })
    apps.push(publicApp)
    const internalApp = await createInternalApp(ctx, { readiness, lexicon, live, queueBoard, pages: options.pages, authenticators: options.authenticators?.internal ?? { staff: createStaffAuthenticator(ctx), mayAct } })
    apps.push(internalApp)
    await options.mount?.(ctx, { publicApp, internalApp })
    await internalApp.listen({ host: ownAddress(env.INTERNAL_HOST), port: env.INTERNAL_PORT })
    await publicApp.listen({ host: env.HOST, port: env.PORT, backlog: BACKLOG })
    const stopping = new AbortController()
    const serving = boot(ctx, readiness, stopping.signal, parts)
    return {
      ctx, publicApp, internalApp, readiness, realtime, live, liveness, serving,
      publicUrl: urlOf(publicApp), internalUrl: urlOf(internalApp),
      async stop() {
        readiness.isDraining = true
        stopping.abort()
        const step = (name: string, withinMs: number, work: Promise<unknown>) => finish(ctx, name, withinMs, work)
        await step('starting', PARTS_WITHIN_MS, serving)
        const drainMs = env.DRAIN_SECONDS * 1000
        await Promise.all([pause(drainMs), ...parts.map((part) => step('draining', drainMs + 1000, part.drain?.(env.DRAIN_SECONDS) ?? pause(0)))])
        await Promise.all(apps.map(async (app) => {
          await step('requests', REQUESTS_WITHIN_MS, app.close())
          app.server.closeAllConnections()
        }))
        await Promise.all(parts.map((part) => step('background work', PARTS_WITHIN_MS, Promise.resolve(part.stop()))))
        await step('connections', CLOSE_WITHIN_MS, world.close())
      },
    }
  } catch (error) {
    await Promise.allSettled(apps.map((app) => app.close()))
    await Promise.allSettled(parts.map(async (part) => part.stop()))
    await world.close()
    throw error
  }
}

function createReadiness(ctx: Ctx): Readiness {
  const readiness: Readiness = {
    isDraining: false,
    notReadyBecause: 'starting',
    async checkSchema() {
      const check = await checkSchema(ctx.sql)
      readiness.schemaFound = check.found
      return check.ok ? undefined : (check.reason ?? `schema ${check.found} is out of range`)
    },
  }
  return readiness
}

function settingsInForce(ctx: Ctx, hub: Hub, heartbeat: { beat(): void }, realtime: Realtime): Part {
  let watch: SettingsWatch | undefined
  return {
    async start() {
      await loadSettings(ctx)
      watch ??= startWatch(ctx, hub, heartbeat, realtime)
    },
    stop: () => watch?.stop(),
  }
}

// Every replica learns of a change by itself, and tells its own sockets.
function startWatch(ctx: Ctx, hub: Hub, heartbeat: { beat(): void }, realtime: Realtime): SettingsWatch {
  const watch = watchSettings(ctx)
  watch.onSettingsChanged((names) => {
    heartbeat.beat()
    if (!names.some((name) => SHOWN_SETTINGS.has(name))) return
    for (const connection of hub.connections()) {
      if (connection.actor) connection.sendFrame({ type: 'config:updated', ...configOf(ctx, connection.actor.kind) })
    }
    if (names.includes('maintenance') && ctx.settings.get('maintenance')) void realtime.closeForMaintenance()
  })
  return watch
}

function clocksOf(ctx: Ctx, customers: SeenCustomers): Part {
  let timer: NodeJS.Timeout | undefined
  return {
    start() {
      timer ??= setInterval(() => void customers.flush().catch((error: unknown) => ctx.log.warn({ err: error }, 'clocks could not be started')), CLOCKS_MS)
    },
    stop: () => clearInterval(timer),
  }
}

function backgroundWork(ctx: Ctx, options: WorkerOptions): Part {
  let worker: ReturnType<typeof startWorker> | undefined
  return {
    start() {
      worker ??= startWorker(ctx, options)
    },
    drain: async () => worker?.drain(),
    stop: () => worker?.stop(),
  }
}

// Postgres may be away or not migrated yet: the listeners say so on /ready, and the rest starts when it can.
async function boot(ctx: Ctx, readiness: Readiness, stopping: AbortSignal, parts: readonly Part[]): Promise<void> {
  let told: string | undefined
  while (!stopping.aborted) {
    try {
      const problem = await readiness.checkSchema()
      if (problem === undefined) {
        for (const part of parts) await part.start?.()
        readiness.notReadyBecause = undefined
        return
      }
      readiness.notReadyBecause = problem
    } catch (error) {
      readiness.notReadyBecause = 'Postgres is away'
      if (told === undefined) ctx.log.warn({ err: error }, 'the start waits for Postgres')
    }
    if (told !== readiness.notReadyBecause) ctx.log.warn({ reason: readiness.notReadyBecause }, 'not ready')
    told = readiness.notReadyBecause
    await pause(BOOT_RETRY_MS)
  }
}

async function finish(ctx: Ctx, name: string, withinMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    ctx.log.warn({ step: name, withinMs }, 'stopping: a step did not end in time')
    resolve()
  }, withinMs)
  const ended = work.catch((error: unknown) => ctx.log.warn({ err: error, step: name }, 'stopping: a step failed'))
  await Promise.race([ended, promise])
  clearTimeout(timer)
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

function urlOf(app: FastifyInstance): string {
  const { address, port } = app.server.address() as AddressInfo // both listeners are TCP
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
