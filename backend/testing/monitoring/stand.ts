import { randomUUID } from 'node:crypto'
import { call, startTestApp, type TestApp } from '../app.ts'
import type { Life } from '../cluster.ts'
import { crowd } from '../crowd.ts'
import { by, createFaultProxy, type FaultProxy } from '../fault-proxy.ts'
import type { Person } from '../people.ts'
import { connect, type TestSocket } from '../socket.ts'
import { STAGE_SETTINGS, stage, type Scene } from '../stage.ts'
import { eventually } from '../wait.ts'
import { parseScrape, together, type Scrape } from './scrapes.ts'
import { z } from 'zod'
import { reaction } from '../../platform/outbox.ts'

/** A running product whose metrics are scraped while something happens to it. */
export type Stand = {
  app: TestApp
  scene: Scene
  conversationId: string
  customer: TestSocket
  /** Somebody with a phone that pushes go to. */
  owner: Person
  toPostgres: FaultProxy
  toValkey: FaultProxy
  /** The way to each replica's metrics. */
  toInternal: readonly FaultProxy[]
  /** What Prometheus would get of all replicas; undefined: nobody answers. */
  scrape: () => Promise<Scrape | undefined>
  /** Sends one message and waits for its answer; answers its type. */
  say: (body: string) => Promise<string>
  /** A request that ends so. */
  ask: (what: 'broken' | 'slow' | 'well') => Promise<unknown>
}

/** A topic to which nothing has to be done. */
export const NOTHING = 'test.nothing'
const SLOW_MS = 1200
/** Two replicas, as Prometheus names them. */
export const INSTANCES = ['app-1:3001', 'app-2:3001'] as const

export async function startStand(t: Life): Promise<Stand> {
  const [toPostgres, toValkey, ...toInternal] = await Promise.all([createFaultProxy(), createFaultProxy(), createFaultProxy(), createFaultProxy()])
  t.after(async () => {
    for (const proxy of [toPostgres, toValkey, ...toInternal]) proxy.stop()
  })
  const open = { access: 'public', limit: 'none' } as const
  const app = await startTestApp(t, {
    settings: { ...STAGE_SETTINGS, driftCheckSeconds: 1, ledgerCheckSeconds: 1 }, through: { postgres: toPostgres, valkey: toValkey }, processMetrics: true, replicas: INSTANCES.length,
    worker: { measureMs: 100, reactions: [reaction({ topic: NOTHING, payload: z.unknown(), run: async () => {} })] },
    mount: (_ctx, { publicApp }) => {
      publicApp.get('/api/v1/broken', { config: open }, async () => {
        throw new Error('on purpose')
      })
      publicApp.get('/api/v1/slow', { config: open }, () => new Promise((resolve) => setTimeout(resolve, SLOW_MS, {})))
      publicApp.get('/api/v1/well', { config: open }, async () => ({}))
    },
  })
  const urls = app.replicas.map((replica, index) => by(toInternal[index], replica.internalUrl).replace(/\/$/, ''))
  const scene = await stage(app, 'active')
  const { conversation_id: conversationId } = await scene.row()
  const customer = await connect(scene.customer)
  const [owner] = await crowd(app, { kind: 'customer', count: 1, devices: true })
  return {
    app, scene, customer, toPostgres, toValkey, toInternal, conversationId: conversationId!, owner: owner!,
    async scrape() {
      const answers = await Promise.all(urls.map((url) => call(url, 'GET', '/metrics').catch(() => undefined)))
      const told = answers.flatMap((answer, index) => (answer === undefined ? [] : [parseScrape(answer.text, INSTANCES[index]!)]))
      return told.length === 0 ? undefined : together(told)
    },
    async say(body) {
      const clientId = randomUUID()
      const from = customer.frames.length
      customer.send({ type: 'message:send', clientId, conversationId: conversationId!, body })
      const { type } = await eventually(() => customer.frames.slice(from).find((frame) => ['message:ack', 'message:rejected'].includes(frame.type) && frame['clientId'] === clientId), 'the message is answered')
      return type
    },
    ask: (what) => call(app.url, 'GET', `/api/v1/${what}`),
  }
}
