import { and, eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { changeTemplate, type ChangeTemplate } from './change-template.ts'
import { noticeTemplates } from './tables.ts'
import { writtenParts } from './template-parts.ts'

/**
 * Takes a text back to what the service came with, or to a version of its history: a change like any other, with a version
 * of its own. Throws what a change throws (an old text may use a variable that there is no more), and `not_found` for a
 * version that there never was.
 */
export async function restoreTemplate(tx: Tx, { to, ...change }: Omit<ChangeTemplate, 'parts'> & { to: 'standard' | number }): Promise<void> {
  if (to === 'standard') return changeTemplate(tx, { ...change, parts: {} })
  const [row] = await tx.sql.select().from(noticeTemplates).where(and(eq(noticeTemplates.key, change.key), eq(noticeTemplates.language, change.language), eq(noticeTemplates.version, to)))
  if (!row) throw new AppError('not_found', 'There is no such version of this text.')
  return changeTemplate(tx, { ...change, parts: writtenParts(row) })
}
