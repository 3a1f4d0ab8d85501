import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { readPhone, sealPhone } from './phones.ts'

/**
 * Encrypts anew, by the active key, numbers that a replaced key wrote: the key's id stands before each. Answers how many;
 * fewer than `limit`: that was all, and no account needs the old key any more.
 */
export async function reencryptPhones(ctx: Ctx, limit: number): Promise<number> {
  const { id: keyId } = ctx.env.DATA_ENCRYPTION_KEYS.find((key) => key.active)!
  const head = Buffer.concat([Buffer.from([keyId.length]), Buffer.from(keyId)])
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ id: string; phone_encrypted: Buffer }>(sql`
      select id, phone_encrypted from users where substring(phone_encrypted from 1 for ${head.length}) <> ${head} order by id limit ${limit} for no key update skip locked`)
    const sealed = rows.map(({ id, phone_encrypted: bytes }) => ({ id, phone: sealPhone(ctx.env, readPhone(ctx.env, bytes)).toString('hex') }))
    await tx.sql.execute(sql`
      update users u set phone_encrypted = decode(r.phone, 'hex') from jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb) as r(id uuid, phone text) where u.id = r.id`)
    return rows.length
  })
}
