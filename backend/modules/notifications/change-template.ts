import { and, eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import type { Language } from '../identity/index.ts'
import { checkTemplate, knownKey } from './check-template.ts'
import { noticeTemplates } from './tables.ts'
import { PARTS, writtenParts, type Part } from './template-parts.ts'
import { refreshTemplates, TEMPLATES_CHANNEL } from './templates.ts'

export type ChangeTemplate = {
  staffId: string
  key: string
  language: Language
  /** Absent, null or empty: the service's own text. */
  parts: { [P in Part]?: string | null | undefined }
  /** What the caller has seen; with another in force it is a conflict. 0: nobody has written anything yet. */
  version: number
  reason: string
  requestId?: string | undefined
  ip?: string | undefined
}

/**
 * Stores the next version of a text, with its reason and audit row; in force here and on the other replicas after the commit.
 * Throws `not_found` for a key that is none, `validation_failed` with the place for a text that can't be used, `conflict`
 * once somebody else has changed it.
 */
export async function changeTemplate(tx: Tx, { staffId, key: name, language, version, reason, requestId, ip, ...change }: ChangeTemplate): Promise<void> {
  const key = knownKey(name)
  const parts = writtenParts(change.parts)
  const { errors } = checkTemplate(key, language, parts)
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, { errors: errors.map(({ part, code, message }) => ({ path: `parts.${part}`, code, message })) })

  // Of two who saw the same version one takes it out of force; where there was none, the key of the first version decides.
  const [before] = await tx.sql.update(noticeTemplates).set({ isCurrent: false })
    .where(and(eq(noticeTemplates.key, key), eq(noticeTemplates.language, language), eq(noticeTemplates.isCurrent, true), eq(noticeTemplates.version, version))).returning()
  const [stored] = before === undefined && version > 0 ? [] : await tx.sql.insert(noticeTemplates)
    .values({ key, language, version: version + 1, ...parts, reason, changedBy: staffId }).onConflictDoNothing().returning({ version: noticeTemplates.version })
  if (!stored) throw new AppError('conflict', 'Somebody else has changed this text meanwhile.')

  await appendAudit(tx, {
    actorKind: 'staff', actorId: staffId, act: 'template.changed', targetType: 'template', targetId: key, reason,
    details: { language, version: stored.version, parts: PARTS.filter((part) => (before?.[part] ?? undefined) !== parts[part]), standard: Object.keys(parts).length === 0 }, requestId, ip,
  })
  tx.afterCommit((ctx) => {
    ctx.valkey.broadcast(TEMPLATES_CHANNEL, key)
    void refreshTemplates(ctx)
  })
}
