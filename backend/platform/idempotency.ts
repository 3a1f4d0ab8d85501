import { createHash } from 'node:crypto'
import { sql as fragment } from './drizzle.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { crashPoint } from './crash-points.ts'
import type { Ctx } from './ctx.ts'
import type { Queryable } from './database.ts'
import { createEncryption } from './encryption.ts'
import { AppError } from './errors.ts'

/** Longer than any request runs; a replica that died frees its keys after it. */
const LOCK_SECONDS = 60
const KEY = /^[\x21-\x7e]{1,255}$/
const STORED_HEADERS = ['content-type', 'location', 'etag'] as const

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while this request holds a key; its answer will be stored under it. */
    idempotency: Held | undefined
  }
}

type Held = { scope: string; key: string; lockedUntil: string }
type Found = { same: boolean; status: number | null; headers: Record<string, string> | null; body: Buffer | null }

/**
 * Makes POST requests with an `Idempotency-Key` happen once: the same key and body replays the stored answer, on any
 * replica. Answers of 5xx and 429 free the key. Stored bodies are encrypted (they may hold tokens).
 */
export function createIdempotency(ctx: Ctx): { attach(app: FastifyInstance): void } {
  const encryption = createEncryption(ctx.env.DATA_ENCRYPTION_KEYS)
  return {
    attach(app) {
      app.decorateRequest('idempotency')
      app.addHook('preHandler', async (request, reply) => {
        const key = keyOf(request)
        if (key === undefined) return
        const scope = scopeOf(request)
        const hash = hashOf(request)
        const lockedUntil = await claim(ctx, scope, key, hash)
        if (lockedUntil !== undefined) {
          request.idempotency = { scope, key, lockedUntil }
          crashPoint('idempotency.claimed')
          return
        }
        const found = await find(ctx, scope, key, hash)
        if (found?.same === false) throw new AppError('idempotency_key_reused', 'This Idempotency-Key was used with another body.')
        if (!found || found.status === null) throw new AppError('idempotency_in_progress', 'The first request with this Idempotency-Key is still running.', { retryAfterSeconds: 1 })
        reply.code(found.status).headers(found.headers ?? {}).header('idempotency-replayed', 'true')
        await reply.send(found.body ? encryption.decrypt(found.body, purposeOf(scope, key)) : '')
      })
      app.addHook('onSend', async (request, reply, payload) => {
        const held = request.idempotency
        if (!held) return payload
        request.idempotency = undefined
        crashPoint('idempotency.answered')
        try {
          if (isStorable(reply, payload)) await store(ctx, held, reply, payload ? encryption.encrypt(payload.toString(), purposeOf(held.scope, held.key)) : null)
          else await free(ctx, held)
        } catch (error) {
          // What the request did is done: its answer goes out, and the key's lock runs out by itself.
          ctx.log.warn({ err: error }, 'an answer could not be kept for its idempotency key')
        }
        return payload
      })
    },
  }
}

/** Deletes keys that are over, at most `limit`; answers how many. */
export async function sweepIdempotencyKeys(ctx: Ctx, limit: number): Promise<number> {
  const result = await ctx.sql.execute(fragment`
    delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys where expires_at <= app_now() limit ${limit} for update skip locked))`)
  return result.rowCount ?? 0
}

function keyOf(request: FastifyRequest): string | undefined {
  const mode = request.routeOptions.config.idempotency
  if (request.method !== 'POST' || mode === 'off') return undefined
  const key = request.headers['idempotency-key']
  if (key === undefined || key === '') {
    if (mode === 'required') throw new AppError('idempotency_key_required', 'Send an Idempotency-Key.')
    return undefined
  }
  if (typeof key !== 'string' || !KEY.test(key)) throw new AppError('validation_failed', 'The Idempotency-Key must be 1 to 255 printable characters.')
  return key
}

/** Removes the answers that are kept for a person's keys. */
export async function forgetAnswers(handle: Queryable, userId: string): Promise<void> {
  await handle.execute(fragment`delete from idempotency_keys where starts_with(scope, ${`user:${userId} `})`)
}

function scopeOf(request: FastifyRequest): string {
  const who = request.user ? `user:${request.user.id}` : request.staff ? `staff:${request.staff.id}` : `anonymous:${request.ip}`
  return `${who} ${request.routeOptions.url}`
}

function purposeOf(scope: string, key: string): string {
  return `idempotency ${scope} ${key}`
}

// The path is part of it: the same key on another session is another request.
function hashOf(request: FastifyRequest): Buffer {
  return createHash('sha256').update(request.url).update('\n').update(canonical(request.body)).digest()
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  ) ?? ''
}

// One statement decides who runs: a new key, one that is over, or one whose runner died with the same body.
async function claim(ctx: Ctx, scope: string, key: string, hash: Buffer): Promise<string | undefined> {
  const result = await ctx.sql.execute<{ locked_until: string }>(fragment`
    insert into idempotency_keys as k (scope, key, request_hash, locked_until, expires_at)
    values (${scope}, ${key}, ${hash}, app_now() + make_interval(secs => ${LOCK_SECONDS}), app_now() + make_interval(secs => ${ctx.settings.get('idempotencySeconds')}))
    on conflict (scope, key) do update set request_hash = excluded.request_hash, locked_until = excluded.locked_until,
      status = null, headers = null, body = null, created_at = app_now(), expires_at = excluded.expires_at
    where k.expires_at <= app_now() or (k.status is null and k.locked_until <= app_now() and k.request_hash = excluded.request_hash)
    returning locked_until`)
  return result.rows[0]?.locked_until
}

async function find(ctx: Ctx, scope: string, key: string, hash: Buffer): Promise<Found | undefined> {
  const result = await ctx.sql.execute<Found>(fragment`
    select request_hash = ${hash} as same, status, headers, body from idempotency_keys where scope = ${scope} and key = ${key}`)
  return result.rows[0]
}

type Storable = string | Buffer | null | undefined

function isStorable(reply: FastifyReply, payload: unknown): payload is Storable {
  if (reply.statusCode >= 500 || reply.statusCode === 429) return false
  // A cookie is a secret of its own and is not kept.
  if (reply.hasHeader('set-cookie')) return false
  return payload === null || payload === undefined || typeof payload === 'string' || Buffer.isBuffer(payload)
}

// Guarded by our own lock: a runner that slept past it must not overwrite its successor's answer.
async function store(ctx: Ctx, held: Held, reply: FastifyReply, body: Buffer | null): Promise<void> {
  const headers = Object.fromEntries(STORED_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])))
  await ctx.sql.execute(fragment`
    update idempotency_keys set status = ${reply.statusCode}, headers = ${JSON.stringify(headers)}::jsonb, body = ${body}, locked_until = null
    where scope = ${held.scope} and key = ${held.key} and status is null and locked_until = ${held.lockedUntil}::timestamptz`)
}

async function free(ctx: Ctx, held: Held): Promise<void> {
  await ctx.sql.execute(fragment`
    delete from idempotency_keys where scope = ${held.scope} and key = ${held.key} and status is null and locked_until = ${held.lockedUntil}::timestamptz`)
}
