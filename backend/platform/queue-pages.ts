import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { AppControllerRoute, AppViewRoute, IServerAdapter, UIConfig } from '@bull-board/api/dist/types.js'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { AppError } from './errors.ts'
import type { QueueBoard } from './queue-board.ts'

const PATH = '/queues'
const POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'; object-src 'none'"
const config = { access: { staff: 'settings.write' }, limit: 'standard' } as const

type Parts = { views: string; statics: string; entry: AppViewRoute; api: AppControllerRoute[]; queues: Parameters<IServerAdapter['setQueues']>[0]; ui: UIConfig }

/** Takes what bull-board wants served: its own adapter for Fastify would answer our refusals with errors of its own, and serve what changes something. */
function collector(): { adapter: IServerAdapter; parts: Parts } {
  const parts = {} as Parts // bull-board sets all of it before it returns
  const adapter: IServerAdapter = {
    setQueues: (queues) => Object.assign(parts, { queues }) && adapter,
    setViewsPath: (views) => Object.assign(parts, { views }) && adapter,
    setStaticPath: (_route, statics) => Object.assign(parts, { statics }) && adapter,
    setEntryRoute: (entry) => Object.assign(parts, { entry }) && adapter,
    setErrorHandler: () => adapter,
    setApiRoutes: (api) => Object.assign(parts, { api }) && adapter,
    setUIConfig: (ui) => Object.assign(parts, { ui }) && adapter,
  }
  return { adapter, parts }
}

/** bull-board on the internal listener: a look into the queues, for who may change settings. It serves nothing that changes anything: jobs are retried on our own page, with a reason. */
export const queuePages = (board: QueueBoard): FastifyPluginAsync => async (app) => {
  const { adapter, parts } = collector()
  const { replaceQueues } = createBullBoard({ queues: [], serverAdapter: adapter })
  await app.register(fastifyStatic, { root: parts.statics, serve: false })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', POLICY)
  })

  for (const route of [parts.entry.route].flat()) {
    app.route({
      method: 'GET', url: `${PATH}${route === '/' ? '' : route}`, schema: { hide: true }, config,
      handler: (_request, reply) => {
        const { name, params } = parts.entry.handler({ basePath: `${PATH}/`, uiConfig: parts.ui })
        return reply.type('text/html').send(fill(readFileSync(join(parts.views, name), 'utf8'), params))
      },
    })
  }
  app.get<{ Params: { '*': string } }>(`${PATH}/static/*`, { schema: { hide: true }, config }, (request, reply) => reply.sendFile(request.params['*']))

  for (const { route, handler } of parts.api.filter((one) => [one.method].flat().includes('get'))) {
    for (const url of [route].flat()) {
      app.route({
        method: 'GET', url: `${PATH}${url}`, schema: { hide: true }, config,
        handler: async (request, reply) => {
          const { status, body } = await board.use(async (queues) => {
            replaceQueues(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })))
            const { params, query, headers } = request
            return handler({ queues: parts.queues, params: params as Record<string, string>, query: query as Record<string, string>, body: {}, headers: headers as Record<string, string> })
          })
          return reply.code(status ?? 200).send(body)
        },
      })
    }
  }
}

/** Its page's template knows two signs: a text, and JSON that is written as it is. */
function fill(template: string, values: Record<string, string>): string {
  return template.replaceAll(/<%([=-]) (\w+) %>/g, (_match, sign: string, name: string) => {
    const value = values[name]
    if (value === undefined) throw new AppError('internal', `bull-board's page asks for ${name}`)
    return sign === '-' ? value : value.replaceAll(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`)
  })
}
