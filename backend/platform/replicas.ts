import { hostname } from 'node:os'
import type { Ctx } from './ctx.ts'
import type { Queryable } from './database.ts'
import { sql } from './drizzle.ts'
import { SCHEMA_RANGE } from './migrations.ts'

const BEAT_MS = 2000
/** Who has not said so for this long is taken for dead. */
const ALIVE_SECONDS = 8
/** And forgotten after this. */
const KEPT_SECONDS = 300
/** The sweep of the dead, once in so many beats. */
const SWEPT_EVERY = 30
const LISTED = 100

export type Replica = { id: string; host: string; pid: number; version: string; settingsVersion: number; startedAt: string; seenAt: string; isAlive: boolean }

/** Says every two seconds that this replica lives, which version it is, which schema it knows and which settings it goes by; at once when `beat` is called. */
export function createHeartbeat(ctx: Ctx): { start(): Promise<void>; beat(): void; stop(): Promise<void> } {
  const id = ctx.ids.next()
  const host = hostname()
  let timer: NodeJS.Timeout | undefined
  let beats = 0
  let failures = 0
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  let hasPlace = false

  const write = async () => {
    try {
      hasPlace ||= await hasPlaceForSchema(ctx.sql)
      await ctx.sql.execute(sql`
        insert into replicas (id, host, pid, version, settings_version, started_at, seen_at${hasPlace ? sql`, knows_schema` : sql``})
        values (${id}, ${host}, ${process.pid}, ${ctx.env.version}, ${ctx.settings.version()}, app_now(), app_now()${hasPlace ? sql`, ${SCHEMA_RANGE.max}` : sql``})
        on conflict (id) do update set settings_version = excluded.settings_version, seen_at = excluded.seen_at${hasPlace ? sql`, knows_schema = excluded.knows_schema` : sql``}`)
      if (beats++ % SWEPT_EVERY === 0) await ctx.sql.execute(sql`delete from replicas where seen_at < app_now() - make_interval(secs => ${KEPT_SECONDS})`)
      failures = 0
    } catch (error) {
      if (failures++ === 0) ctx.log.warn({ err: error }, 'this replica could not say that it lives')
    }
  }
  // One after the other: a later beat never writes an older version of the settings over a newer one.
  const beat = () => {
    if (!isStopped) running = running.then(write)
  }
  return {
    async start() {
      timer ??= setInterval(beat, BEAT_MS).unref()
      beat()
      await running
    },
    beat,
    async stop() {
      isStopped = true
      clearInterval(timer)
      await running
      if (timer !== undefined) await ctx.sql.execute(sql`delete from replicas where id = ${id}`).catch(() => {}) // it grows old instead
    },
  }
}

// This code serves on the schema before that column too: it may be added while it runs.
async function hasPlaceForSchema(handle: Queryable): Promise<boolean> {
  const { rows } = await handle.execute(sql`select 1 from pg_attribute where attrelid = 'replicas'::regclass and attname = 'knows_schema' and not attisdropped`)
  return rows.length > 0
}

/** The replicas that said lately that they live, and those that stopped saying so; in the order in which they started. */
export async function findReplicas(handle: Queryable): Promise<Replica[]> {
  const { rows } = await handle.execute<{ id: string; host: string; pid: number; version: string; settings_version: string; started_at: string; seen_at: string; is_alive: boolean }>(sql`
    select id, host, pid, version, settings_version, started_at, seen_at, seen_at > app_now() - make_interval(secs => ${ALIVE_SECONDS}) as is_alive
    from replicas where seen_at > app_now() - make_interval(secs => ${KEPT_SECONDS}) order by started_at, id limit ${LISTED}`)
  return rows.map((row) => ({
    id: row.id, host: row.host, pid: row.pid, version: row.version, settingsVersion: Number(row.settings_version),
    startedAt: new Date(row.started_at).toISOString(), seenAt: new Date(row.seen_at).toISOString(), isAlive: row.is_alive,
  }))
}
