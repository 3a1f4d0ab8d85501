import type { Pool } from 'pg'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { databaseErrorCode } from '../../platform/database.ts'
import type { InboxState } from './inbox-events.ts'

/** `sha256` in hexadecimal. */
export type Webhook = { kind: string; body: Buffer; sha256: string; headers: Record<string, string> }
type Row = { id: string; kind: string; sha256: string; state: InboxState; copies: number }
type Entry = Webhook & { id: string; copies: number; answered: { resolve(): void; reject(error: unknown): void }[] }

export type WebhookStore = {
  /** Resolves when the body is committed: once for the same words, however often they come. */
  store(webhook: Webhook): Promise<void>
}

/** The most of one commit: bodies, and their bytes. */
const BATCH_MAX = 256
const BATCH_BYTES = 4 * 1024 * 1024
/** One commit at a time, until one takes this long: then others pass beside it. */
const SLOW_MS = 50
const LANES = 4
const RETRY_MS = 150
/** What a row can cause; anything else is the connection's or the server's. */
const ROW_ERROR = /^(22|23|40|54|55)/
/** A storm wakes no more jobs than the workers have hands: each goes on with what is due (`drainInbox`). */
const WOKEN_MAX = 8

// Sorted by what the key is made of: two replicas that store the same words never wait for each other in a circle.
const STORE = `
insert into provider_inbox (id, provider, kind, body, body_sha256, headers, received_count)
select id, 'xendit', kind, body, decode(sha256, 'hex'), headers, copies
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::jsonb[], $6::integer[]) as g(id, kind, body, sha256, headers, copies)
order by kind, sha256
on conflict (provider, kind, body_sha256) do update set received_count = provider_inbox.received_count + excluded.received_count
returning id, kind, encode(body_sha256, 'hex') as sha256, state, received_count as copies`

/**
 * Bodies of one turn of the event loop, and those that pile up while a commit is under way, become one commit: no
 * timer, and no added wait when idle.
 */
export function createWebhookStore(ctx: Ctx): WebhookStore {
  let waiting = new Map<string, Entry>()
  let lanes = 0
  let startedAtMs = 0
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined

  const start = () => {
    isScheduled = false
    while (waiting.size > 0 && lanes < LANES) {
      const waitedMs = performance.now() - startedAtMs
      if (lanes > 0 && waitedMs < SLOW_MS) {
        timer ??= setTimeout(() => {
          timer = undefined
          start()
        }, SLOW_MS - waitedMs)
        return
      }
      startedAtMs = performance.now()
      lanes++
      void storeBatch(ctx, takeBatch(waiting)).then(() => {
        lanes--
        clearTimeout(timer)
        timer = undefined
        start()
      })
    }
  }

  return {
    store(webhook) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const key = keyOf(webhook)
      const known = waiting.get(key)
      // One statement can't touch a row twice: equal words become one row that says how often they came.
      if (known) {
        known.copies++
        known.answered.push({ resolve, reject })
      } else {
        waiting.set(key, { ...webhook, id: ctx.ids.next(), copies: 1, answered: [{ resolve, reject }] })
      }
      if (!isScheduled && lanes < LANES) {
        isScheduled = true
        setImmediate(start)
      }
      return promise
    },
  }
}

const keyOf = ({ kind, sha256 }: { kind: string; sha256: string }): string => `${kind} ${sha256}`

function takeBatch(waiting: Map<string, Entry>): Entry[] {
  const batch: Entry[] = []
  let bytes = 0
  for (const [key, entry] of waiting) {
    bytes += entry.body.length
    if (batch.length === BATCH_MAX || (batch.length > 0 && bytes > BATCH_BYTES)) break
    batch.push(entry)
    waiting.delete(key)
  }
  return batch
}

/** Never throws: who sent a body that could not be stored is told so, and sends it again. */
async function storeBatch(ctx: Ctx, batch: Entry[]): Promise<void> {
  try {
    return answer(ctx, batch, await store(ctx.pool, batch))
  } catch (error) {
    // One row that Postgres refuses must not take the others with it.
    if (batch.length > 1 && ROW_ERROR.test(databaseErrorCode(error) ?? '')) return storeAlone(ctx, batch)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    return storeAgain(ctx, batch)
  }
}

async function storeAlone(ctx: Ctx, batch: Entry[]): Promise<void> {
  const left = [...batch]
  const work = async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) await storeAgain(ctx, [entry])
  }
  await Promise.all(Array.from({ length: LANES }, work))
}

async function storeAgain(ctx: Ctx, batch: Entry[]): Promise<void> {
  try {
    answer(ctx, batch, await store(ctx.pool, batch))
  } catch (error) {
    for (const entry of batch) for (const waiter of entry.answered) waiter.reject(error)
  }
}

async function store(pool: Pool, batch: readonly Entry[]): Promise<Row[]> {
  const sorted = batch.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const { rows } = await pool.query<Row>({
    name: 'store-webhooks', text: STORE,
    values: [
      sorted.map(({ id }) => id), sorted.map(({ kind }) => kind), sorted.map(({ body }) => body), sorted.map(({ sha256 }) => sha256),
      sorted.map(({ headers }) => JSON.stringify(headers)), sorted.map(({ copies }) => copies),
    ],
  })
  return rows
}

function answer(ctx: Ctx, batch: readonly Entry[], rows: readonly Row[]): void {
  crashPoint('webhook.stored')
  const entries = new Map(batch.map((entry) => [keyOf(entry), entry]))
  let woken = 0
  for (const row of rows) {
    const { copies } = entries.get(keyOf(row))!
    const isNew = row.copies === copies
    if (isNew) ctx.metrics.webhooks.inc({ provider: 'xendit', kind: row.kind, outcome: 'received' })
    const repeats = copies - (isNew ? 1 : 0)
    if (repeats > 0) ctx.metrics.webhooks.inc({ provider: 'xendit', kind: row.kind, outcome: 'repeated' }, repeats)
    if (row.state === 'received' && woken++ < WOKEN_MAX) ctx.enqueue('inbox', row.id)
  }
  crashPoint('webhook.enqueued')
  for (const entry of batch) for (const waiter of entry.answered) waiter.resolve()
}
