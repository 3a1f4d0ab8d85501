import type { Ctx } from '../../platform/ctx.ts'
import type { MitraStatusFrame } from './contract.ts'
import { findStatuses } from './queries.ts'

/** Tells the mitras' own sockets how their status is now. Never waits: who missed it asks `GET /mitra/status`. */
export function announceStatus(ctx: Ctx, mitraIds: readonly string[]): void {
  if (mitraIds.length === 0) return
  findStatuses(ctx.sql, mitraIds)
    .then((statuses) => {
      for (const [mitraId, status] of statuses) {
        const frame: MitraStatusFrame = { type: 'mitra:status', status }
        ctx.publish([mitraId], frame)
      }
    })
    .catch((error: unknown) => ctx.log.warn({ err: error }, 'a status could not be announced'))
}
