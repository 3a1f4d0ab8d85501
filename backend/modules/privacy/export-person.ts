import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { readAddress } from '../channels/index.ts'
import { lockPerson, readPhone } from '../identity/index.ts'
import { openBankAccount } from '../mitras/index.ts'
import { columnsOf, isPersonal, type Opened, type PersonalTable, type PrivacyMap } from './map.ts'
import { columnOf, rowsOf, type Subject } from './rows-of.ts'
import { dataExports } from './tables.ts'

/** Rows of one question: what is held in memory of an export is this, whoever asks and however slowly they read. */
const PAGE = 1000

export type ExportWish = {
  userId: string
  by: { kind: 'customer' | 'mitra' | 'staff'; id: string; reason?: string | undefined; requestId?: string | undefined; ip?: string | undefined }
}

/**
 * Everything that is kept about a person, as the text of one JSON object, a piece at a time: a list for each table of the
 * privacy map, in pages along its primary key. Written down before anything of it is read.
 * Throws `not_found`, `rate_limited` (a person's own, `exportsPerDay`).
 */
export async function exportPerson(ctx: Ctx, map: PrivacyMap, wish: ExportWish): Promise<AsyncGenerator<string>> {
  const { subject, at } = await noteExport(ctx, wish)
  return write(ctx, map, subject, at)
}

async function noteExport(ctx: Ctx, { userId, by }: ExportWish): Promise<{ subject: Subject; at: Date }> {
  return transact(ctx, async (tx) => {
    const user = await lockPerson(tx, userId)
    if (!user || user.erasedAt !== null) throw new AppError('not_found', 'no such person')
    if (by.kind !== 'staff') {
      const { rows: [recent] } = await tx.sql.execute<{ n: string; wait: string | null }>(sql`
        select count(*) as n, ceil(extract(epoch from min(created_at) + interval '1 day' - app_now())) as wait from data_exports
        where user_id = ${userId} and asked_by_kind <> 'staff' and created_at > app_now() - interval '1 day' and created_at >= coalesce(${user.historyFrom?.toISOString() ?? null}::timestamptz, '-infinity')`)
      if (Number(recent!.n) >= ctx.settings.get('exportsPerDay')) {
        throw new AppError('rate_limited', 'Everything about you was exported today already.', { retryAfterSeconds: Math.max(1, Number(recent!.wait)) })
      }
    }
    const [made] = await tx.sql.insert(dataExports).values({ id: tx.ids.next(), userId, askedByKind: by.kind, askedBy: by.id }).returning()
    if (by.kind === 'staff') await appendAudit(tx, { actorKind: 'staff', actorId: by.id, act: 'person.exported', targetType: user.kind, targetId: userId, reason: by.reason, requestId: by.requestId, ip: by.ip })
    return { subject: user, at: made!.createdAt }
  })
}

async function* write(ctx: Ctx, map: PrivacyMap, subject: Subject, at: Date): AsyncGenerator<string> {
  yield `{"format":"halobestie-person/1","exportedAt":${JSON.stringify(at.toISOString())},"userId":${JSON.stringify(subject.id)},"kind":${JSON.stringify(subject.kind)}`
  for (const [name, table] of Object.entries(map)) {
    if (!isPersonal(table) || table.out === undefined) continue
    yield `,${JSON.stringify(table.out.as)}:[`
    let isFirst = true
    for await (const page of pages(ctx, map, name, table, subject)) {
      yield `${isFirst ? '' : ','}${page.map((row) => JSON.stringify(row)).join(',')}`
      isFirst = false
    }
    yield ']'
  }
  yield '}'
}

type Found = { row: Record<string, unknown> } & Record<string, unknown>

// Whole rows come as JSON from Postgres: numbers are numbers, times are ISO 8601; what is encrypted comes beside them.
async function* pages(ctx: Ctx, map: PrivacyMap, name: string, table: PersonalTable, subject: Subject): AsyncGenerator<object[]> {
  const out = table.out!
  const keys = columnsOf(table.key ?? 'id')
  const opened = Object.entries(out.opened ?? {})
  const fields = sql.join(columnsOf(out.columns).map((column) => sql`${camel(column)}::text, ${columnOf(name, column)}`), sql`, `)
  const places = sql.join(keys.map((column, index) => sql`${columnOf(name, column)}::text as ${sql.identifier(`key_${index}`)}`), sql`, `)
  const sealed = opened.map(([column]) => sql`, ${columnOf(name, column)} as ${sql.identifier(column)}`)
  const key = sql.join(keys.map((column) => columnOf(name, column)), sql`, `)
  let after: Found | undefined
  for (;;) {
    const beyond = after === undefined ? sql`` : sql` and (${key}) > (${sql.join(keys.map((_, index) => sql`${after![`key_${index}`]}`), sql`, `)})`
    const { rows } = await ctx.sql.execute<Found>(sql`
      select jsonb_build_object(${fields}) as row, ${places}${sql.join(sealed)} from ${sql.identifier(name)}
      where ${rowsOf(map, name, subject, 'since')}${beyond} order by ${key} limit ${PAGE}`)
    if (rows.length > 0) yield rows.map((found) => ({ ...times(found.row), ...Object.fromEntries(opened.map(([column, how]) => [NAMES[how], open(ctx, found, column, how)])) }))
    if (rows.length < PAGE) return
    after = rows.at(-1)
  }
}

// As everywhere on the wire: UTC, with milliseconds.
function times(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, /(^a|A)t$|Until$/.test(name) && typeof value === 'string' ? new Date(value).toISOString() : value]))
}

/** What is opened goes out under these names. */
export const NAMES: Record<Opened, string> = { phone: 'phone', email: 'address', bankNumber: 'accountNumber', bankHolder: 'accountHolderName' }

function open(ctx: Ctx, found: Found, column: string, how: Opened): string | null {
  const bytes = found[column]
  if (!Buffer.isBuffer(bytes)) return null
  if (how === 'phone') return readPhone(ctx.env, bytes)
  if (how === 'email') return readAddress(ctx.env, bytes)
  const account = openBankAccount(ctx, { id: String(found.row['id']), numberEncrypted: found['number_encrypted'] as Buffer, holderEncrypted: found['holder_encrypted'] as Buffer })
  return how === 'bankNumber' ? account.accountNumber : account.holderName
}

export const camel = (column: string): string => column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
