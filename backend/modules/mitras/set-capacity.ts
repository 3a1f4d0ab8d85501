import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { announceStatus } from './announce.ts'
import { auditAct, type StaffAct } from './change-status.ts'
import { mirrorChanged } from './mirror.ts'
import { findMitras, type Mitra } from './queries.ts'

export const CAPACITY_MAX = 10

/**
 * How many sessions at once (1 to 10). Raised: matched anew. Lowered below what is in use: holds and offers above it are
 * withdrawn through the outbox, running sessions go on. Throws `validation_failed`, `not_found`.
 */
export async function setCapacity(tx: Tx, act: StaffAct & { capacity: number }): Promise<Mitra> {
  const { mitraId, capacity } = act
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX) {
    throw new AppError('validation_failed', `capacity is 1 to ${CAPACITY_MAX}`, { errors: [{ path: 'capacity', code: 'out_of_range', message: `must be 1 to ${CAPACITY_MAX}` }] })
  }
  const { rows } = await tx.sql.execute<{ before: number }>(sql`
    with before as (select user_id, capacity from mitras where user_id = ${mitraId} for no key update)
    update mitras m set capacity = ${capacity}, version = m.version + 1, updated_at = app_now()
    from before b where m.user_id = b.user_id and b.capacity <> ${capacity}
    returning b.capacity as before`)
  const mitra = (await findMitras(tx.sql, [mitraId])).get(mitraId)
  if (!mitra) throw new AppError('not_found', 'no such mitra')
  const [changed] = rows
  if (!changed) return mitra
  const topic = capacity > changed.before ? 'mitras.available' : mitra.used > capacity ? 'mitras.unavailable' : undefined
  if (topic) await writeOutbox(tx, [{ topic, payload: { mitraId } }])
  await auditAct(tx, act, 'mitra.capacity_changed', { from: changed.before, to: capacity })
  tx.afterCommit((outer) => {
    mirrorChanged(outer, [mitraId])
    announceStatus(outer, [mitraId])
  })
  return mitra
}
