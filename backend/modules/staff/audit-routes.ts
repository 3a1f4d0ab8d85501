import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { verifyAudit } from '../audit/index.ts'
import { byOf } from './by.ts'
import { auditList, auditQuery, verdictReply } from './control-contract.ts'
import { findAuditForStaff } from './show-audit.ts'

const own = { access: { staff: 'audit.read.own' }, limit: 'standard' } as const
const verifying = { access: { staff: 'audit.read' }, limit: 'standard' } as const

export const auditStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/audit', { schema: { querystring: auditQuery, response: { 200: auditList } }, config: own }, (request) =>
    findAuditForStaff(ctx, byOf(request), request.query))

  app.post('/internal/v1/audit/verify', { schema: { response: { 200: verdictReply } }, config: verifying }, async () => {
    const verdict = await verifyAudit(ctx.sql)
    // A head kept outside of the database shows a chain that was made anew from some row on.
    ctx.log[verdict.ok ? 'info' : 'error']({ ...verdict }, 'audit chain verified')
    return verdict
  })
}
