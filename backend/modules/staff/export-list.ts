import type { FastifyReply } from 'fastify'
import { sendCsv, type Cell } from '../../platform/csv.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import { mayAct } from './roles.ts'

export type ListFile = { name: string; /** What it was asked for with: written down. */ filter: Record<string, unknown>; header: readonly string[]; rows: AsyncIterable<readonly Cell[]> }

/**
 * Sends a list of money as a file while it is read. Written down before anything of it is sent: what leaves the house
 * is known, or does not leave. Throws `forbidden` for who may not read the ledger.
 */
export async function sendList(ctx: Ctx, reply: FastifyReply, by: By, { name, filter, header, rows }: ListFile): Promise<FastifyReply> {
  if (!mayAct(by.role, 'ledger.read')) throw new AppError('forbidden', 'Exports of money are for who may read the ledger.')
  const { limit: _limit, cursor: _cursor, format: _format, ...asked } = filter
  await transact(ctx, (tx) => appendAudit(tx, { ...auditOf(by), act: 'list.exported', targetType: 'list', targetId: name, details: asked }))
  return sendCsv(reply, `${name}.csv`, header, rows)
}

const PAGE = 500

/** Every row of a list, a page in memory at a time; each page is shown by `show` before its rows are told. */
export async function* everyRow<T, V>(
  read: (page: { cursor: string | undefined; limit: number }) => Promise<{ items: T[]; nextCursor: string | null }>, show: (items: T[]) => Promise<V[]> | V[],
): AsyncGenerator<V> {
  let cursor: string | undefined
  do {
    const page = await read({ cursor, limit: PAGE })
    yield* await show(page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** The same as lines of a file. */
export async function* linesOf<V>(rows: AsyncIterable<V>, line: (row: V) => readonly Cell[]): AsyncGenerator<readonly Cell[]> {
  for await (const row of rows) yield line(row)
}
