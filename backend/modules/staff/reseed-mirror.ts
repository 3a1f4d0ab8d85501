import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { createMirror } from '../mitras/index.ts'
import { auditOf, type By } from './by.ts'

/** Rebuilds the mirror in Valkey from Postgres. Throws `not_ready` while Valkey is away (Postgres serves meanwhile). */
export async function reseedMirror(ctx: Ctx, by: By): Promise<void> {
  await transact(ctx, (tx) => appendAudit(tx, { ...auditOf(by), act: 'mirror.reseeded', targetType: 'system' }))
  if (!(await createMirror(ctx).seedFromPostgres())) throw new AppError('not_ready', 'Valkey is away; reads go to Postgres until it is back.')
}
