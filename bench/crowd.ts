import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import { accessTokensOf } from '../backend/modules/identity/access-tokens.ts'
import { testEnv } from '../backend/testing/env.ts'
import type { BenchServers } from './servers.ts'

/** Somebody signed in, and a conversation of their own with the neighbour. */
export type Member = { id: string; token: string; conversationId: string }

/** Many signed-in people in open conversations of two, made by rows: signing in one by one is not what is measured. */
export async function makeCrowd(servers: BenchServers, count: number): Promise<Member[]> {
  const people = Array.from({ length: count }, () => ({ id: v7(), signInId: v7() }))
  const conversationIds = Array.from({ length: Math.ceil(count / 2) }, () => v7())
  const members = people.map((_, at) => conversationIds[at >> 1]!)
  const ids = people.map((person) => person.id)
  await servers.owner.query(`
    insert into users (id, kind, phone_hash, phone_prefix, display_name, birth_date)
    select id, 'customer', decode(hash, 'hex'), '+6281200', 'Crowd', '1990-01-01' from unnest($1::uuid[], $2::text[]) as u(id, hash)`, [ids, ids.map(() => randomBytes(32).toString('hex'))])
  await servers.owner.query('insert into sign_ins (id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [people.map((person) => person.signInId), ids])
  await servers.owner.query(`insert into conversations (id, writable_until) select id, now() + interval '1 day' from unnest($1::uuid[]) as id`, [conversationIds])
  await servers.owner.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [members, ids])
  await servers.owner.query('analyze users, sign_ins, conversations, conversation_members')
  const tokens = accessTokensOf(testEnv({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: 'redis://127.0.0.1' }), Date.now())
  return people.map(({ id, signInId }, at) => {
    const { token } = tokens.sign({ kind: 'customer', id, signInId }, Date.now(), 3600)
    return { id, token, conversationId: members[at]! }
  })
}
