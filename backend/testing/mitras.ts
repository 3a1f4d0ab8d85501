import pg from 'pg'
import type { Test } from 'tap'
import { createMirror, type Mirror } from '../modules/mitras/index.ts'
import type { Ctx } from '../platform/ctx.ts'
import type { Frame } from '../platform/realtime/publish.ts'
import { createSettings, type SettingValues } from '../platform/settings.ts'
import { createWorld } from '../world.ts'
import { createTestDatabase } from './database.ts'
import { testEnv } from './env.ts'
import { startValkey } from './servers/valkey.ts'
import { PATIENCE_MS } from './wait.ts'

/** `valkeyPatienceMs`: a Valkey that does not answer for so long is taken for away; here only one that is really gone, unless told. */
export type MitrasOptions = { replicas?: number; settings?: Partial<SettingValues>; valkeyPatienceMs?: number }
export type MitrasApp = Awaited<ReturnType<typeof startMitras>>
export type NewMitra = { capacity?: number; status?: string; online?: boolean; stale?: boolean; gender?: string; topics?: string[]; languages?: string[]; seenSecondsAgo?: number }

/** Contexts that share a database and a Valkey of their own: what mitras do below HTTP, and without anybody else's sweeps. */
export async function startMitras(t: Test, options: MitrasOptions = {}) {
  const [db, valkey] = await Promise.all([createTestDatabase(), startValkey()])
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 4 })
  owner.on('error', () => {})
  const env = testEnv({ DATABASE_URL: db.url, VALKEY_URL: valkey.url })
  const replicas = Array.from({ length: options.replicas ?? 1 }, () => startReplica(env, options))
  t.after(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    await Promise.all([owner.end(), valkey.stop()])
    await db.drop()
  })
  const query = async <Row = Record<string, ReturnType<typeof JSON.parse>>>(text: string, values?: unknown[]): Promise<Row[]> => (await owner.query(text, values)).rows
  const { ctx } = replicas[0]!
  let made = 0
  return {
    ctx, replicas, db, valkey, query, clock: db.clock,
    /** A mitra as rows; approved, offline and with one slot unless asked otherwise. */
    async newMitra(mitra: NewMitra = {}): Promise<string> {
      const id = ctx.ids.next()
      await query(`insert into users (id, kind, phone_hash, phone_prefix, display_name, gender) values ($1, 'mitra', $2, '+6281234', $3, $4)`, [id, Buffer.from(id), `Mitra ${++made}`, mitra.gender ?? null])
      await query(
        `insert into mitras (user_id, status, capacity, wants_online, stale, last_seen_at, gender, topics, languages, approved_at)
         values ($1, $2, $3, $4, $5, app_now() - make_interval(secs => $6), $7, $8, $9, case when $2 in ('approved', 'deactivated') then app_now() end)`,
        [id, mitra.status ?? 'approved', mitra.capacity ?? 1, mitra.online ?? false, mitra.stale ?? false, mitra.seenSecondsAgo ?? 0, mitra.gender ?? null, mitra.topics ?? ['work'], mitra.languages ?? ['id']],
      )
      return id
    },
    async newStaff(): Promise<string> {
      const id = ctx.ids.next()
      await query(`insert into staff (id, email, password_hash, role) values ($1, $2, 'x', 'admin')`, [id, `${id}@staff.example`])
      return id
    },
    async slots(mitraId: string) {
      const [row] = await query<{ used: number; open_capacity: number; idle_since: Date | null }>('select used, open_capacity, idle_since from mitra_slots where mitra_id = $1', [mitraId])
      return row!
    },
    intervals: (mitraId: string, kind: string) =>
      query<{ started_at: Date; ended_at: Date | null; session_id: string | null }>('select started_at, ended_at, session_id from mitra_intervals where mitra_id = $1 and kind = $2 order by started_at', [mitraId, kind]),
    topics: () => query<{ topic: string; payload: Record<string, string> }>('select topic, payload from outbox order by created_at, id').then((rows) => rows.map((row) => `${row.topic} ${row.payload['mitraId']}`)),
  }
}

function startReplica(env: Ctx['env'], { settings = {}, valkeyPatienceMs = PATIENCE_MS }: MitrasOptions) {
  const world = createWorld(env, { processMetrics: false, valkeyPatienceMs })
  const frames: { to: readonly string[]; frame: Frame }[] = []
  world.plugs.publish = (to, frame) => void frames.push({ to, frame })
  const ctx: Ctx = { ...world.ctx, settings: createSettings(settings) }
  const mirror: Mirror = createMirror(ctx)
  return {
    ctx, mirror, frames,
    async stop() {
      await mirror.stop()
      await world.close()
    },
  }
}
