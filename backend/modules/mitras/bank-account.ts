import { randomBytes } from 'node:crypto'
import { and, asc, eq, isNull, ne, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx, Tx, World } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { hashPhone, secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { maskName } from '../identity/index.ts'
import { notify } from '../notifications/index.ts'
import { bankCodeOf, channelOf, maskNumber, readBankAccount, type BankAccountInput } from './rules-bank.ts'
import { mitraBankAccounts, mitras } from './tables.ts'

export type BankAccount = typeof mitraBankAccounts.$inferSelect
/** What may be shown of an account: nobody can pay anything to it by this. */
export type MaskedBankAccount = { id: string; bankCode: string; accountNumberMasked: string; accountHolderMasked: string; createdAt: Date; /** The bank knows no such account: nothing is paid out to it. */ isRefused: boolean }
/** Where money is sent: for the call to the provider alone, never kept or logged. */
export type PayoutDestination = { channelCode: string; accountNumber: string; holderName: string }

/**
 * Sets where a mitra is paid out to from now on: what was there before is replaced, and payouts that are asked for keep
 * the account that they were asked for with. The same account again changes nothing. Throws `validation_failed`.
 */
export async function setBankAccount(ctx: Ctx, mitraId: string, input: BankAccountInput): Promise<MaskedBankAccount> {
  const read = readBankAccount(input)
  if ('problems' in read) throw new AppError('validation_failed', 'This bank account can’t be paid out to.', { errors: read.problems.map((one) => ({ ...one, code: 'invalid_bank_account' })) })
  return transact(ctx, async (tx) => {
    await tx.sql.insert(mitras).values({ userId: mitraId, capacity: tx.settings.get('defaultCapacity') }).onConflictDoNothing()
    // Two at once: the second waits here, and then replaces what the first has set.
    await tx.sql.select({ id: mitras.userId }).from(mitras).where(eq(mitras.userId, mitraId)).for('no key update')
    const current = (await findCurrent(tx.sql, [mitraId])).get(mitraId)
    if (current && isSame(tx, current, read.account)) return maskAccount(tx, current)
    if (current) await tx.sql.update(mitraBankAccounts).set({ replacedAt: sql`app_now()` }).where(eq(mitraBankAccounts.id, current.id))
    const made = await insertAccount(tx, mitraId, read.account)
    if (current) await tellReplaced(tx, mitraId, made)
    return maskAccount(tx, made)
  })
}

async function insertAccount(tx: Tx, mitraId: string, account: BankAccountInput): Promise<BankAccount> {
  const id = tx.ids.next()
  const [made] = await tx.sql.insert(mitraBankAccounts).values({
    id, mitraId, channelCode: channelOf(account.bankCode), numberHash: hashOf(tx, account), lastDigits: account.accountNumber.slice(-4),
    ...seal(tx, id, account),
  }).returning()
  return made!
}

// Whoever took over an account would change this first: its owner hears of it.
async function tellReplaced(tx: Tx, mitraId: string, made: BankAccount): Promise<void> {
  await notify(tx, [{
    userId: mitraId, template: 'bank_account.replaced', dedupeKey: `bank-account:${made.id}`,
    variables: { bank: bankCodeOf(made.channelCode), number: maskNumber(made.lastDigits) },
  }])
}

/** The accounts that are in force, by mitra, masked. */
export async function findBankAccounts(handle: Queryable, world: Pick<World, 'env'>, mitraIds: readonly string[]): Promise<Map<string, MaskedBankAccount>> {
  return new Map([...await findCurrent(handle, mitraIds)].map(([mitraId, row]) => [mitraId, maskAccount(world, row)]))
}

export async function findBankAccount(handle: Queryable, world: Pick<World, 'env'>, mitraId: string): Promise<MaskedBankAccount | undefined> {
  return (await findBankAccounts(handle, world, [mitraId])).get(mitraId)
}

/** Only the ids of the accounts that are in force and can be paid out to, by mitra. */
export async function findPayableAccountIds(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, string>> {
  return new Map([...await findCurrent(handle, mitraIds)].flatMap(([mitraId, row]) => (row.refusedAt === null ? [[mitraId, row.id]] : [])))
}

/** The bank says that there is no such account: nothing is paid out to it any more, and its mitra is told, once. */
export async function refuseBankAccount(tx: Tx, accountId: string, code: string): Promise<void> {
  const [refused] = await tx.sql.update(mitraBankAccounts).set({ refusedAt: sql`app_now()`, refusedCode: code })
    .where(and(eq(mitraBankAccounts.id, accountId), isNull(mitraBankAccounts.refusedAt))).returning()
  if (!refused || refused.replacedAt !== null) return
  await notify(tx, [{
    userId: refused.mitraId, template: 'bank_account.refused', dedupeKey: `bank-account:${accountId}:refused`,
    variables: { bank: bankCodeOf(refused.channelCode), number: maskNumber(refused.lastDigits) },
  }])
}

/** Accounts by their own ids, also replaced ones, masked: where payouts went. */
export async function findAccountsById(handle: Queryable, world: Pick<World, 'env'>, ids: readonly string[]): Promise<Map<string, MaskedBankAccount>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select().from(mitraBankAccounts).where(isAnyOf(mitraBankAccounts.id, ids))
  return new Map(rows.map((row) => [row.id, maskAccount(world, row)]))
}

/** An account in clear. Throws when its key is gone. */
export async function readDestination(handle: Queryable, world: Pick<World, 'env'>, accountId: string): Promise<PayoutDestination> {
  const [row] = await handle.select().from(mitraBankAccounts).where(eq(mitraBankAccounts.id, accountId))
  if (!row) throw new AppError('not_found', 'no such bank account')
  return { channelCode: row.channelCode, ...open(world, row) }
}

/**
 * Encrypts anew, by the active key, what a replaced key wrote. Answers how many; fewer than `limit`: that was all, and
 * the old key may be removed.
 */
export async function reencryptBankAccounts(ctx: Ctx, limit: number): Promise<number> {
  return transact(ctx, async (tx) => {
    const rows = await tx.sql.select().from(mitraBankAccounts).where(ne(mitraBankAccounts.keyId, activeKeyId(tx)))
      .orderBy(asc(mitraBankAccounts.id)).limit(limit).for('update', { skipLocked: true })
    const sealed = rows.map((row) => {
      const { numberEncrypted, holderEncrypted } = seal(tx, row.id, { accountNumber: open(tx, row).accountNumber, accountHolderName: open(tx, row).holderName })
      return { id: row.id, number: numberEncrypted.toString('hex'), holder: holderEncrypted.toString('hex') }
    })
    await tx.sql.execute(sql`
      update mitra_bank_accounts a set number_encrypted = decode(r.number, 'hex'), holder_encrypted = decode(r.holder, 'hex'), key_id = ${activeKeyId(tx)}
      from jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb) as r(id uuid, number text, holder text) where a.id = r.id`)
    return rows.length
  })
}

/**
 * Nothing is left of a mitra's accounts but that they were there: payouts point at them. Sealed like any other, so that
 * a change of keys goes on over them.
 */
export async function eraseBankAccounts(tx: Tx, mitraId: string): Promise<void> {
  const rows = await tx.sql.select({ id: mitraBankAccounts.id }).from(mitraBankAccounts).where(eq(mitraBankAccounts.mitraId, mitraId))
  const sealed = rows.map(({ id }) => {
    const { numberEncrypted, holderEncrypted } = seal(tx, id, { accountNumber: '', accountHolderName: '' })
    return { id, number: numberEncrypted.toString('hex'), holder: holderEncrypted.toString('hex'), hash: randomBytes(32).toString('hex') }
  })
  await tx.sql.execute(sql`
    update mitra_bank_accounts a set number_encrypted = decode(r.number, 'hex'), holder_encrypted = decode(r.holder, 'hex'), number_hash = decode(r.hash, 'hex'),
      last_digits = '0000', key_id = ${activeKeyId(tx)}, replaced_at = coalesce(replaced_at, app_now())
    from jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb) as r(id uuid, number text, holder text, hash text) where a.id = r.id`)
}

/** Nothing is paid out to the account that is in force any more; payouts that were asked for keep it. */
export async function replaceBankAccount(tx: Tx, mitraId: string): Promise<void> {
  await tx.sql.update(mitraBankAccounts).set({ replacedAt: sql`app_now()` }).where(and(eq(mitraBankAccounts.mitraId, mitraId), isNull(mitraBankAccounts.replacedAt)))
}

async function findCurrent(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, BankAccount>> {
  if (mitraIds.length === 0) return new Map()
  const rows = await handle.select().from(mitraBankAccounts).where(and(isAnyOf(mitraBankAccounts.mitraId, mitraIds), isNull(mitraBankAccounts.replacedAt)))
  return new Map(rows.map((row) => [row.mitraId, row]))
}

function maskAccount(world: Pick<World, 'env'>, row: BankAccount): MaskedBankAccount {
  return {
    id: row.id, bankCode: bankCodeOf(row.channelCode), accountNumberMasked: maskNumber(row.lastDigits),
    accountHolderMasked: maskName(open(world, row).holderName), createdAt: row.createdAt, isRefused: row.refusedAt !== null,
  }
}

// The row's id is authenticated with each value: moved into another row it does not decrypt.
const purpose = (id: string, what: 'number' | 'holder') => `bank-account:${id}:${what}`

function seal({ env }: Pick<World, 'env'>, id: string, account: Pick<BankAccountInput, 'accountNumber' | 'accountHolderName'>) {
  const { encryption } = secretsOf(env)
  return {
    numberEncrypted: encryption.encrypt(account.accountNumber, purpose(id, 'number')),
    holderEncrypted: encryption.encrypt(account.accountHolderName, purpose(id, 'holder')),
    keyId: activeKeyId({ env }),
  }
}

function open({ env }: Pick<World, 'env'>, row: Pick<BankAccount, 'id' | 'numberEncrypted' | 'holderEncrypted'>): { accountNumber: string; holderName: string } {
  const { encryption } = secretsOf(env)
  return { accountNumber: encryption.decrypt(row.numberEncrypted, purpose(row.id, 'number')), holderName: encryption.decrypt(row.holderEncrypted, purpose(row.id, 'holder')) }
}

/** Number and holder in clear, of a row that was read: for their owner’s own export. */
export function openBankAccount(world: Pick<World, 'env'>, row: { id: string; numberEncrypted: Buffer; holderEncrypted: Buffer }): { accountNumber: string; holderName: string } {
  return open(world, row)
}

function isSame(world: Pick<World, 'env'>, row: BankAccount, account: BankAccountInput): boolean {
  return row.numberHash.equals(hashOf(world, account)) && open(world, row).holderName === account.accountHolderName
}

/** Equal for equal accounts, useless without the key: the same that phone numbers are hashed by. */
function hashOf({ env }: Pick<World, 'env'>, { bankCode, accountNumber }: Pick<BankAccountInput, 'bankCode' | 'accountNumber'>): Buffer {
  return hashPhone(secretsOf(env).phoneHashKey, `bank-account:${bankCode}:${accountNumber}`)
}

function activeKeyId({ env }: Pick<World, 'env'>): string {
  return env.DATA_ENCRYPTION_KEYS.find((key) => key.active)!.id
}
