import type { Ctx } from '../../platform/ctx.ts'
import { eq } from '../../platform/drizzle.ts'
import { onNoticeFaults } from './notice-faults.ts'
import { noticeTemplates } from './tables.ts'
import { noteFaults } from './template-faults.ts'
import { writtenParts, type Override, type Overrides } from './template-parts.ts'

/** Told to every replica after the commit of a change. */
export const TEMPLATES_CHANNEL = 'notice-templates:changed'
/** A text that is wrong must be gone within seconds, also with Valkey away. */
const REREAD_MS = 4000

type Pool = Ctx['pool']
const inForce = new WeakMap<Pool, ReadonlyMap<string, Override>>()
const readers = new WeakMap<Pool, () => Promise<void>>()
const placeOf = (key: string, language: string) => `${language} ${key}`

/** What staff have written, from memory: no query. The same one in a transaction and outside of it. */
export function overridesOf({ pool }: { pool: Pool }): Overrides {
  return { find: (key, language) => inForce.get(pool)?.get(placeOf(key, language)) }
}

/** Brings a change into force on this replica now; others hear of it. */
export async function refreshTemplates(ctx: Ctx): Promise<void> {
  await readers.get(ctx.pool)?.()
}

/** Keeps this replica's texts fresh: at once by pub/sub, and by a slow re-read for what pub/sub lost. What can't be read leaves those before in force. */
export function createTemplates(ctx: Ctx, { rereadMs = REREAD_MS }: { rereadMs?: number } = {}): { start(): Promise<void>; stop(): Promise<void> } {
  let reading: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  // One reading after another: an older answer never replaces a newer one.
  const read = () => (reading = reading.catch(() => {}).then(async () => {
    if (!isStopped) inForce.set(ctx.pool, await readTemplates(ctx))
  }))
  const refresh = () => read().catch((error: unknown) => ctx.log.warn({ err: error }, 'templates could not be read'))
  return {
    async start() {
      await read()
      if (timer) return
      readers.set(ctx.pool, refresh)
      onNoticeFaults(ctx, noteFaults)
      ctx.valkey.subscribe(TEMPLATES_CHANNEL, () => void refresh())
      ctx.valkey.onConnect(() => void refresh())
      timer = setInterval(() => void refresh(), rereadMs).unref()
    },
    async stop() {
      isStopped = true
      readers.delete(ctx.pool)
      clearInterval(timer)
      await reading.catch(() => {})
    },
  }
}

async function readTemplates(ctx: Ctx): Promise<ReadonlyMap<string, Override>> {
  const rows = await ctx.sql.select().from(noticeTemplates).where(eq(noticeTemplates.isCurrent, true))
  return new Map(rows.map((row): [string, Override] => [placeOf(row.key, row.language), { version: row.version, parts: writtenParts(row) }]).filter(([, { parts }]) => Object.keys(parts).length > 0))
}
