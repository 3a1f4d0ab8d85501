import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { projectRoot } from '../servers/processes.ts'

export type Playground = {
  /** The public listener that the page talks to. */
  publicUrl: string
  /** Numbers that it proposes to sign in with. */
  phones(): { customer: readonly string[]; mitra: readonly string[] }
}

const FOLDER = join(projectRoot, 'docs/playground')
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8' }

/** The origins under which a browser may open the page: the product has to allow them (ALLOWED_ORIGINS). */
export const playgroundOrigins = (port: string | number): string[] => [`http://127.0.0.1:${port}`, `http://localhost:${port}`]

/** A page with a customer and a mitra side by side, as it lies in `docs/playground`; read anew at every request. */
export function playgroundRoutes(app: FastifyInstance, playground: Playground) {
  const headers = {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ${playground.publicUrl} ${playground.publicUrl.replace(/^http/, 'ws')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  app.get('/playground', (_request, reply) => reply.redirect('/playground/'))
  app.get('/playground/config.json', (_request, reply) => reply.headers(headers).send({ publicUrl: playground.publicUrl, phones: playground.phones() }))
  app.get<{ Params: { '*': string } }>('/playground/*', async (request, reply) => {
    const name = request.params['*'] === '' ? 'index.html' : request.params['*']
    // Only what a listing of the folder names: no path of the request ever reaches the disk.
    const known = globSync('**/*', { cwd: FOLDER }).find((file) => file === name)
    const type = TYPES[extname(known ?? '')]
    if (known === undefined || type === undefined) return reply.callNotFound()
    return reply.headers(headers).type(type).send(await readFile(join(FOLDER, known)))
  })
}
