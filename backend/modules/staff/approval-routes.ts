import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findApproval, findApprovals } from '../approvals/index.ts'
import { approvalList, approvalReply, approvalsQuery, decideBody, waitingReply } from './approval-contract.ts'
import { byOf } from './by.ts'
import { countWaitingMoney } from './count-waiting.ts'
import { idParams } from './contract.ts'
import { decideAsSecond } from './decide-as-second.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { APPROVAL_FILE } from './list-files.ts'
import { showApprovals } from './show-approvals.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const
const DECISIONS = [{ verb: 'approve', decision: 'approved' }, { verb: 'reject', decision: 'rejected' }] as const

/** What waits for a second person, and the second person's word. */
export const approvalStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/approvals', { schema: { querystring: approvalsQuery, response: { 200: approvalList } }, config: reading }, async (request, reply) => {
    const by = byOf(request)
    if (request.query.format === 'csv') {
      const rows = everyRow((page) => findApprovals(ctx.sql, { ...request.query, ...page }), (items) => showApprovals(ctx, by, items))
      return sendList(ctx, reply, by, { name: 'approvals', filter: request.query, header: APPROVAL_FILE.header, rows: linesOf(rows, APPROVAL_FILE.line) })
    }
    const { items, nextCursor } = await findApprovals(ctx.sql, request.query)
    return { items: await showApprovals(ctx, by, items), nextCursor }
  })

  app.get('/internal/v1/approvals/:id', { schema: { params: idParams, response: { 200: approvalReply } }, config: reading }, async (request) => {
    const approval = await findApproval(ctx.sql, request.params.id)
    if (!approval) throw new AppError('not_found', 'nothing waits under this id')
    return { approval: (await showApprovals(ctx, byOf(request), [approval]))[0]! }
  })

  app.get('/internal/v1/waiting', { schema: { response: { 200: waitingReply } }, config: reading }, async (request) => countWaitingMoney(ctx, byOf(request).staffId))

  for (const { verb, decision } of DECISIONS) {
    app.post(`/internal/v1/approvals/:id/${verb}`, { schema: { params: idParams, body: decideBody, response: { 200: approvalReply } }, config: deciding }, async (request) => {
      const approval = await decideAsSecond(ctx, byOf(request), request.params.id, decision, request.body.reason)
      return { approval: (await showApprovals(ctx, byOf(request), [approval]))[0]! }
    })
  }
}
