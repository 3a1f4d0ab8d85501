import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createInternalApp } from './internal-app.ts'
import { loadSettings, watchSettings } from './modules/settings/index.ts'
import { createStaffAuthenticator, mayAct } from './modules/staff/index.ts'
import type { Authenticators } from './platform/auth-hook.ts'
import type { Ctx } from './platform/ctx.ts'
import type { Env } from './platform/env.ts'
import type { Readiness } from './platform/health.ts'
import { checkSchema } from './platform/migrations.ts'
import { createPublicApp } from './public-app.ts'
import { createWorld, type WorldOverrides } from './world.ts'

export type ReplicaOptions = WorldOverrides & {
  authenticators?: { public?: Authenticators; internal?: Authenticators }
  /** More routes on either listener, mounted before it listens. */
  mount?: (ctx: Ctx, apps: { publicApp: FastifyInstance; internalApp: FastifyInstance }) => void | Promise<void>
}

export type Replica = {
  ctx: Ctx
  publicApp: FastifyInstance
  internalApp: FastifyInstance
  publicUrl: string
  internalUrl: string
  readiness: Readiness
  /** Resolves once the replica serves: schema in range, settings read, workers running. */
  serving: Promise<void>
  /** Finishes what is under way and closes everything; each step has its own deadline. */
  stop(): Promise<void>
}

const BOOT_RETRY_MS = 500

/** One whole replica: both listeners and what runs behind them. Throws when a listener can't be opened. */
export async function startReplica(env: Env, options: ReplicaOptions = {}): Promise<Replica> {
  const { ctx, close } = createWorld(env, options)
  const readiness: Readiness = {
    isDraining: false,
    notReadyBecause: 'starting',
    checkSchema: async () => {
      const check = await checkSchema(ctx.sql)
      return check.ok ? undefined : (check.reason ?? `schema ${check.found} is out of range`)
    },
  }
  const publicApp = await createPublicApp(ctx, { readiness, authenticators: options.authenticators?.public ?? {} })
  const internalApp = await createInternalApp(ctx, { readiness, authenticators: options.authenticators?.internal ?? { staff: createStaffAuthenticator(ctx), mayAct } })
  await options.mount?.(ctx, { publicApp, internalApp })
  const background: { stop(): Promise<void> }[] = []
  const stopping = new AbortController()
  try {
    await internalApp.listen({ host: env.INTERNAL_HOST, port: env.INTERNAL_PORT })
    await publicApp.listen({ host: env.HOST, port: env.PORT })
  } catch (error) {
    await Promise.allSettled([publicApp.close(), internalApp.close()])
    await close()
    throw error
  }
  const serving = boot(ctx, readiness, stopping.signal, background)
  return {
    ctx, publicApp, internalApp, readiness, serving,
    publicUrl: urlOf(publicApp), internalUrl: urlOf(internalApp),
    async stop() {
      readiness.isDraining = true
      stopping.abort()
      await serving
      await Promise.all([publicApp.close(), internalApp.close()])
      await Promise.all(background.map((part) => part.stop()))
      await close()
    },
  }
}

// Postgres may be away or not migrated yet: the listeners say so on /ready, and the rest starts when it can.
async function boot(ctx: Ctx, readiness: Readiness, stopping: AbortSignal, background: { stop(): Promise<void> }[]): Promise<void> {
  let last: string | undefined
  while (!stopping.aborted) {
    try {
      const problem = await readiness.checkSchema()
      if (problem === undefined) {
        await loadSettings(ctx)
        background.push(watchSettings(ctx))
        readiness.notReadyBecause = undefined
        return
      }
      readiness.notReadyBecause = problem
    } catch (error) {
      readiness.notReadyBecause = 'Postgres is away'
      if (last === undefined) ctx.log.warn({ err: error }, 'the start waits for Postgres')
    }
    if (last !== readiness.notReadyBecause) ctx.log.warn({ reason: readiness.notReadyBecause }, 'not ready')
    last = readiness.notReadyBecause
    await new Promise((resolve) => setTimeout(resolve, BOOT_RETRY_MS))
  }
}

function urlOf(app: FastifyInstance): string {
  const address = app.server.address() as AddressInfo // both listeners are TCP
  const host = address.address === '0.0.0.0' || address.address === '::' ? '127.0.0.1' : address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
