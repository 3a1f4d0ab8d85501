import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from './errors.ts'
import { pathOf } from './problem.ts'

/** Where `npm run build` puts the control center. */
export const CONTROL_CENTER_FILES = join(import.meta.dirname, '../../control-center/dist')

/** Scripts only from our own files, calls and sockets only to ourselves. Mantine puts its theme into a style element of its own. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/** A file's name holds its content's hash: it never changes. */
const YEAR_MS = 365 * 24 * 3600 * 1000
const config = { access: 'public', limit: 'none' } as const
const schema = { hide: true }

/**
 * The control center's files for browsers: `/assets/*`, and its one page at every path that is no other route's.
 * Register it last: what is registered by then keeps its first path segment to itself. Whoever asks for anything else,
 * or is no browser, gets the listener's own 404.
 */
export function controlCenterFiles(folder = CONTROL_CENTER_FILES) {
  return async (app: FastifyInstance): Promise<void> => {
    const taken = new Set(['assets', ...app.inventory.map(({ url }) => url.split('/')[1])])
    await app.register(staticFiles, { serve: false, root: join(folder, 'assets'), suppressWarning: true, preCompressed: true, dotfiles: 'ignore', index: false, maxAge: YEAR_MS, immutable: true })
    app.get('/assets/*', { schema, config }, (request: FastifyRequest<{ Params: { '*': string } }>, reply) => reply.sendFile(request.params['*']))
    app.get('/*', { schema, config }, async (request, reply) => {
      const path = pathOf(request.url)
      if (path !== '/' && (taken.has(path.split('/')[1]) || !wantsPage(request))) return reply.callNotFound()
      return sendPage(request, reply, join(folder, 'index.html'))
    })
  }
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true
}

// By its content, not by its time of change: two builds may agree on that and on the size.
async function sendPage(request: FastifyRequest, reply: FastifyReply, file: string): Promise<FastifyReply> {
  const page = await readPage(file)
  const etag = `"${createHash('sha256').update(page).digest('base64url').slice(0, 22)}"`
  reply.headers({ 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-cache', etag, vary: 'accept' })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.type('text/html; charset=utf-8').send(page)
}

async function readPage(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch {
    throw new AppError('not_ready', 'The control center is not built here. Build it with `npm run build`.')
  }
}
