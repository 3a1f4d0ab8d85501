import type { FastifyRequest } from 'fastify'
import type { StaffRole } from '../../platform/access.ts'

/** Who acts, and in which request: what every audit row of staff says. */
export type By = { staffId: string; role: StaffRole; sessionId: string; requestId: string; ip: string }

export function byOf(request: FastifyRequest): By {
  return { staffId: request.staff.id, role: request.staff.role, sessionId: request.staff.sessionId, requestId: request.id, ip: request.ip }
}

/** The part of an audit row that is the same for every act of a member of staff. */
export function auditOf(by: By) {
  return { actorKind: 'staff', actorId: by.staffId, requestId: by.requestId, ip: by.ip } as const
}
