import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findApprovals, type Approval } from '../approvals/index.ts'
import { approvalList, approvalReply, approvalsQuery, decideBody, type ApprovalView } from './approval-contract.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { decideAsSecond } from './decide-as-second.ts'
import { findStaffNames } from './queries.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const
const DECISIONS = [{ verb: 'approve', decision: 'approved' }, { verb: 'reject', decision: 'rejected' }] as const

/** What waits for a second person, and the second person's word. */
export const approvalStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/approvals', { schema: { querystring: approvalsQuery, response: { 200: approvalList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findApprovals(ctx.sql, request.query)
    return { items: await viewsOf(ctx.sql, items), nextCursor }
  })

  for (const { verb, decision } of DECISIONS) {
    app.post(`/internal/v1/approvals/:id/${verb}`, { schema: { params: idParams, body: decideBody, response: { 200: approvalReply } }, config: deciding }, async (request) => {
      const approval = await decideAsSecond(ctx, byOf(request), request.params.id, decision, request.body.reason)
      return { approval: (await viewsOf(ctx.sql, [approval]))[0]! }
    })
  }
}

async function viewsOf(handle: Queryable, rows: readonly Approval[]): Promise<ApprovalView[]> {
  const names = await findStaffNames(handle, rows.flatMap((row) => [row.requestedBy, row.decidedBy ?? []].flat()))
  const person = (id: string) => ({ id, name: names.get(id) ?? '' })
  return rows.map((row) => ({
    ...row, requestedBy: person(row.requestedBy), requestedAt: row.requestedAt.toISOString(), expiresAt: row.expiresAt.toISOString(),
    decidedBy: row.decidedBy === null ? null : person(row.decidedBy), decidedAt: row.decidedAt?.toISOString() ?? null,
  }))
}
