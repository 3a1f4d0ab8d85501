import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import { accessTokensOf } from '../modules/identity/access-tokens.ts'
import { call, type TestApp } from './app.ts'
import type { Person } from './people.ts'

/** Many signed-in people who may take part, made by rows: what `customer` and `approvedMitra` do over HTTP one by one. */
export async function crowd(app: TestApp, options: { kind: 'customer' | 'mitra'; count: number; online?: boolean; capacity?: number }): Promise<Person[]> {
  const { ctx } = app.replicas[0]!
  const people = Array.from({ length: options.count }, () => ({ id: v7(), signInId: v7(), hash: randomBytes(32).toString('hex') }))
  const columns = [people.map((one) => one.id), people.map((one) => one.hash), people.map((one) => one.signInId)]
  await app.query(`
    insert into users (id, kind, phone_hash, phone_prefix, display_name, birth_date)
    select id, $2, decode(hash, 'hex'), '+6281200', case $2 when 'mitra' then 'Made' else 'Citra' end, '1990-01-01' from unnest($1::uuid[], $3::text[]) as u(id, hash)`, [columns[0], options.kind, columns[1]])
  await app.query(`insert into consents (user_id, document, version) select id, document, $2 from unnest($1::uuid[]) as id, unnest(array['terms', 'privacy']) as document`, [columns[0], ctx.settings.get('termsVersion')])
  await app.query(`insert into sign_ins (id, user_id) select sign_in_id, id from unnest($1::uuid[], $2::uuid[]) as s(id, sign_in_id)`, [columns[0], columns[2]])
  if (options.kind === 'mitra') {
    await app.query(`insert into mitras (user_id, status, approved_at, capacity, wants_online, last_seen_at)
      select id, 'approved', app_now(), $2, $3, app_now() from unnest($1::uuid[]) as id`, [columns[0], options.capacity ?? 1, options.online ?? false])
    await app.query('update mitra_slots set idle_since = app_now() where mitra_id = any($1)', [columns[0]])
  }
  const tokens = accessTokensOf(ctx.env, ctx.clock.nowMs())
  return Promise.all(people.map(async ({ id, signInId }, index) => {
    const { token } = await tokens.sign({ kind: options.kind, id, signInId }, ctx.clock.nowMs(), 900)
    const on = (replica: number): Person => {
      const { url } = app.replicas[replica % app.replicas.length]!
      return { id, kind: options.kind, phone: '', token, refreshToken: '', url, on, call: (method, path, more) => call(url, method, path, { token, ...more }) }
    }
    return on(index)
  }))
}
