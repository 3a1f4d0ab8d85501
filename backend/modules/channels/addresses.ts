import { createHmac } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import type { Env } from '../../platform/env.ts'
import { emailAddresses, emailChallenges } from './tables.ts'

const PURPOSE = 'email'

/** An address as it is kept: known again by its hash, read by nobody without the key. */
export type Address = { encrypted: Buffer; hash: Buffer | undefined; isUndeliverable: boolean }

/** The address as it is sent to: its domain in lower case and ASCII; undefined for what is none. */
export function parseAddress(text: string): string | undefined {
  if (/\p{C}/u.test(text.trim())) return undefined
  const [, local, name] = /^([^\s@"<>()[\],;:\\]{1,64})@([^\s@]+)$/.exec(text.trim().normalize('NFC')) ?? []
  if (local === undefined || name === undefined || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined
  const domain = domainToASCII(name).toLowerCase()
  const isDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/.test(domain)
  return isDomain && local.length + domain.length < 254 ? `${local}@${domain}` : undefined
}

/** Equal for equal mailboxes (no provider tells capital letters apart), and useless without the key. */
export function hashAddress(env: Env, address: string): Buffer {
  return createHmac('sha256', secretsOf(env).phoneHashKey).update(`email:${address.toLowerCase()}`).digest()
}

/** The address, encrypted under the active key. */
export function sealAddress(env: Env, address: string): Buffer {
  return secretsOf(env).encryption.encrypt(address, PURPOSE)
}

/** The address, in clear. */
export function readAddress(env: Env, encrypted: Buffer): string {
  return secretsOf(env).encryption.decrypt(encrypted, PURPOSE)
}

/** The proven addresses of these persons; who has none is not in the map. */
export async function findAddresses(handle: Queryable, userIds: readonly string[]): Promise<Map<string, Address>> {
  if (userIds.length === 0) return new Map()
  const rows = await handle.select().from(emailAddresses).where(isAnyOf(emailAddresses.userId, userIds))
  return new Map(rows.map((row) => [row.userId, { encrypted: row.addressEncrypted, hash: row.addressHash, isUndeliverable: row.undeliverableAt !== null }]))
}

/** Nothing is sent there any more: the mail server says that nobody has it. An address that was replaced meanwhile stays as it is. */
export async function markUndeliverable(ctx: Ctx, dead: readonly { userId: string; hash: Buffer | undefined; challengeId: string | undefined }[]): Promise<void> {
  const challengeIds = dead.flatMap(({ challengeId }) => challengeId ?? [])
  if (challengeIds.length > 0) await ctx.sql.update(emailChallenges).set({ undeliverableAt: sql`app_now()` }).where(isAnyOf(emailChallenges.id, challengeIds))
  const own = dead.flatMap(({ userId, hash, challengeId }) => (hash && challengeId === undefined ? [{ id: userId, hash: hash.toString('hex') }] : []))
  if (own.length === 0) return
  await ctx.sql.execute(sql`
    update email_addresses e set undeliverable_at = app_now() from jsonb_to_recordset(${JSON.stringify(own)}::jsonb) as r(id uuid, hash text)
    where e.user_id = r.id and e.address_hash = decode(r.hash, 'hex') and e.undeliverable_at is null`)
}

/**
 * Encrypts anew, by the active key, addresses that a replaced key wrote: the key's id stands before each. Answers how
 * many; fewer than `limit`: that was all. Addresses of challenges and letters are gone within days.
 */
export async function reencryptAddresses(ctx: Ctx, limit: number): Promise<number> {
  const { id: keyId } = ctx.env.DATA_ENCRYPTION_KEYS.find((key) => key.active)!
  const head = Buffer.concat([Buffer.from([keyId.length]), Buffer.from(keyId)])
  const { rows } = await ctx.sql.execute<{ user_id: string; address_encrypted: Buffer }>(sql`
    select user_id, address_encrypted from email_addresses where substring(address_encrypted from 1 for ${head.length}) <> ${head} order by user_id limit ${limit}`)
  const sealed = rows.map((row) => ({ id: row.user_id, was: row.address_encrypted.toString('hex'), address: sealAddress(ctx.env, readAddress(ctx.env, row.address_encrypted)).toString('hex') }))
  // One that was replaced meanwhile is not what was read any more.
  await ctx.sql.execute(sql`
    update email_addresses e set address_encrypted = decode(r.address, 'hex') from jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb) as r(id uuid, was text, address text)
    where e.user_id = r.id and e.address_encrypted = decode(r.was, 'hex')`)
  return rows.length
}
