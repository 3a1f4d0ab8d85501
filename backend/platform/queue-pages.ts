import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { AppControllerRoute, AppViewRoute, IServerAdapter, UIConfig } from '@bull-board/api/dist/types.js'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
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

  const showPage = (reply: FastifyReply) => {
    const { name, params } = parts.entry.handler({ basePath: `${PATH}/`, uiConfig: parts.ui })
    return reply.type('text/html').send(fill(readFileSync(join(parts.views, name), 'utf8'), params))
  }
  const routes = parts.api.filter(({ method }) => [method].flat().includes('get')).flatMap((one) => [one.route].flat().map((pattern) => ({ pattern: pattern.slice(1).split('/'), one })))
  const answer = async (path: string, request: FastifyRequest, reply: FastifyReply) => {
    const asked = path.split('/')
    const found = routes.map(({ pattern, one }) => ({ one, params: paramsOf(pattern, asked) })).find(({ params }) => params !== undefined)
    if (!found?.params) throw new AppError('not_found', 'The board of the queues has no such part.')
    const { one, params } = found
    const { status, body } = await board.use(async (queues) => {
      replaceQueues(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })))
      const [query, headers] = [request.query as Record<string, string>, request.headers as Record<string, string>] // as any server of its own would hand them on
      return one.handler({ queues: parts.queues, uiConfig: parts.ui, params, query, body: {}, headers })
    })
    return reply.code(status ?? 200).send(body)
  }
  const about = { tags: ['queues'], summary: 'The board of the queues', description: 'bull-board, to be looked at: it changes nothing.' }
  app.get(PATH, { schema: about, config }, (_request, reply) => showPage(reply))
  app.get<{ Params: { '*': string } }>(`${PATH}/*`, { schema: about, config }, (request, reply) => {
    const path = request.params['*']
    if (path.startsWith('static/')) return reply.sendFile(path.slice('static/'.length))
    return path.startsWith('api/') ? answer(path, request, reply) : showPage(reply)
  })
}

/** What stands where a pattern has a name; undefined where it is another address. */
function paramsOf(pattern: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== asked.length || !pattern.every((part, index) => part.startsWith(':') ? asked[index] !== '' : part === asked[index])) return undefined
  return Object.fromEntries(pattern.flatMap((part, index) => (part.startsWith(':') ? [[part.slice(1), asked[index]!]] : [])))
}

/** Its page's template knows two signs: a text, and JSON that is written as it is. */
function fill(template: string, values: Record<string, string>): string {
  return template.replaceAll(/<%([=-]) (\w+) %>/g, (_match, sign: string, name: string) => {
    const value = values[name]
    if (value === undefined) throw new AppError('internal', `bull-board's page asks for ${name}`)
    return sign === '-' ? value : value.replaceAll(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`)
  })
}
