import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { byOf } from './by.ts'
import { auditList, auditQuery, auditRow, auditRowParams, verdictReply, verifyBody } from './control-contract.ts'
import { findAuditForStaff, getAuditRowForStaff } from './show-audit.ts'
import { verifyChain } from './verify-chain.ts'

const own = { access: { staff: 'audit.read.own' }, limit: 'standard' } as const
const verifying = { access: { staff: 'audit.read' }, limit: 'standard', idempotency: 'off' } as const

export const auditStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/audit', { schema: { querystring: auditQuery, response: { 200: auditList } }, config: own }, (request) =>
    findAuditForStaff(ctx, byOf(request), request.query))

  app.get('/internal/v1/audit/:seq', { schema: { params: auditRowParams, response: { 200: auditRow } }, config: own }, (request) =>
    getAuditRowForStaff(ctx, byOf(request), request.params.seq))

  app.post('/internal/v1/audit/verify', { schema: { body: verifyBody, response: { 200: verdictReply } }, config: verifying }, (request) => verifyChain(ctx, request.body))
}
