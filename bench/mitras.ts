import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import type { BenchServers } from './servers.ts'

/** Approved mitras who are online, made by rows; answers their ids. */
export async function makeMitras(servers: BenchServers, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => v7())
  await servers.owner.query(`
    insert into users (id, kind, phone_hash, phone_prefix, display_name, birth_date)
    select id, 'mitra', decode(hash, 'hex'), '+6281200', 'Made', '1990-01-01' from unnest($1::uuid[], $2::text[]) as u(id, hash)`, [ids, ids.map(() => randomBytes(32).toString('hex'))])
  await servers.owner.query(`
    insert into mitras (user_id, status, approved_at, capacity, wants_online, last_seen_at)
    select id, 'approved', now(), 2, true, now() from unnest($1::uuid[]) as id`, [ids])
  await servers.owner.query('analyze users, mitras, mitra_slots')
  return ids
}
