import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import { accessTokensOf } from '../modules/identity/access-tokens.ts'
import { storePhone } from '../modules/identity/phones.ts'
import type { UserActor } from '../platform/access.ts'
import type { Ctx } from '../platform/ctx.ts'
import type { Env } from '../platform/env.ts'
import { SETTINGS } from '../platform/settings-catalogue.ts'
import { testEnv } from './env.ts'
import { call } from './http.ts'
import type { Person } from './people.ts'

/** Replicas of this process (with their `ctx`), or processes of their own. */
export type CrowdPlace = {
  replicas: readonly { url: string; ctx?: Ctx }[]
  /** The replicas' environment, where they are neither of this process nor started with the keys of tests. */
  env?: Env
  query<Row>(text: string, values?: unknown[]): Promise<Row[]>
}
export type CrowdOptions = { kind: 'customer' | 'mitra'; count: number; online?: boolean; capacity?: number; displayName?: string; devices?: boolean; tokenSeconds?: number; phone?: () => string }

/**
 * Many signed-in people who may take part, made by rows: what `customer` and `approvedMitra` do over HTTP one by one.
 * Each stays on one replica, wherever that is when they call: it may be killed and started again meanwhile.
 */
export async function crowd(place: CrowdPlace, options: CrowdOptions): Promise<Person[]> {
  const ctx = place.replicas[0]?.ctx
  const env = envOf(place)
  const people = Array.from({ length: options.count }, () => {
    const phone = options.phone && storePhone(env, options.phone())
    return { id: v7(), signInId: v7(), hash: (phone?.phoneHash ?? randomBytes(32)).toString('hex'), encrypted: phone?.phoneEncrypted.toString('hex') ?? null, prefix: phone?.phonePrefix ?? '+6281200' }
  })
  const columns = [people.map((one) => one.id), people.map((one) => one.hash), people.map((one) => one.signInId)]
  await place.query(`
    insert into users (id, kind, phone_hash, phone_encrypted, phone_prefix, display_name, birth_date)
    select id, $2, decode(hash, 'hex'), decode(encrypted, 'hex'), prefix, $4, '1990-01-01' from unnest($1::uuid[], $3::text[], $5::text[], $6::text[]) as u(id, hash, encrypted, prefix)`,
  [columns[0], options.kind, columns[1], options.displayName ?? (options.kind === 'mitra' ? 'Made' : 'Citra'), people.map((one) => one.encrypted), people.map((one) => one.prefix)])
  await place.query(`insert into consents (user_id, document, version) select id, document, $2 from unnest($1::uuid[]) as id, unnest(array['terms', 'privacy']) as document`, [columns[0], ctx?.settings.get('termsVersion') ?? SETTINGS.termsVersion.default])
  await place.query(`insert into sign_ins (id, user_id) select sign_in_id, id from unnest($1::uuid[], $2::uuid[]) as s(id, sign_in_id)`, [columns[0], columns[2]])
  if (options.devices === true) {
    await place.query(`insert into devices (id, user_id, sign_in_id, token, platform) select gen_random_uuid(), id, sign_in_id, 'phone-' || id, 'android' from unnest($1::uuid[], $2::uuid[]) as s(id, sign_in_id)`, [columns[0], columns[2]])
  }
  if (options.kind === 'mitra') {
    await place.query(`insert into mitras (user_id, status, approved_at, capacity, wants_online, last_seen_at)
      select id, 'approved', app_now(), $2, $3, app_now() from unnest($1::uuid[]) as id`, [columns[0], options.capacity ?? 1, options.online ?? false])
    await place.query('update mitra_slots set idle_since = app_now() where mitra_id = any($1)', [columns[0]])
  }
  const tokenOf = signerOf(place, options.tokenSeconds)
  return people.map(({ id, signInId }, index) => personOn(place, { id, kind: options.kind, token: tokenOf({ kind: options.kind, id, signInId }) }, index))
}

/** The same person after another sign-in: their earlier ones may have ended. */
export async function signInAgain(place: CrowdPlace, { id, kind }: Person): Promise<Person> {
  const signInId = v7()
  await place.query('insert into sign_ins (id, user_id) values ($1, $2)', [signInId, id])
  return personOn(place, { id, kind, token: signerOf(place)({ kind, id, signInId }) }, 0)
}

const envOf = ({ env, replicas }: CrowdPlace) => env ?? replicas[0]?.ctx?.env ?? testEnv({ DATABASE_URL: 'postgres://127.0.0.1/none', VALKEY_URL: 'redis://127.0.0.1' })

function signerOf(place: CrowdPlace, seconds = 900): (actor: UserActor) => string {
  const env = envOf(place)
  const ctx = place.replicas[0]?.ctx
  const nowMs = ctx?.clock.nowMs() ?? Date.now()
  const tokens = accessTokensOf(env, nowMs)
  return (actor) => tokens.sign(actor, nowMs, seconds).token
}

function personOn(place: CrowdPlace, who: Pick<Person, 'id' | 'kind' | 'token'>, replica: number): Person {
  const urlOf = () => place.replicas[replica % place.replicas.length]!.url
  return {
    ...who, phone: '', refreshToken: '', on: (other) => personOn(place, who, other),
    get url() {
      return urlOf()
    },
    call: (method, path, more) => call(urlOf(), method, path, { token: who.token, ...more }),
  }
}
