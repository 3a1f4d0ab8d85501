import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { sendCsv } from '../../platform/csv.ts'
import { findPayableEntries, walletBegins } from '../ledger/index.ts'
import { earningEntriesQuery, earningEntriesReply, earningsReply, payoutList, payoutReply, payoutsQuery, requestPayoutBody, statementQuery, statementReply } from './contract.ts'
import { showEarnings } from './earnings.ts'
import { findPayouts, viewPayouts } from './queries.ts'
import { requestPayout } from './request-payout.ts'
import { showStatement, STATEMENT_HEADER, statementLines } from './statement.ts'

const own = { access: 'mitra', limit: 'standard' } as const

/** What a mitra has earned, and is paid out. */
export const payoutRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/mitra/earnings', { schema: { response: { 200: earningsReply } }, config: own }, (request) => showEarnings(ctx, request.user.id))

  app.get('/api/v1/mitra/earnings/entries', { schema: { querystring: earningEntriesQuery, response: { 200: earningEntriesReply } }, config: own }, async (request) => {
    const { items, nextCursor } = await findPayableEntries(ctx.sql, request.user.id, request.query)
    return { items: items.map((entry) => ({ ...entry, at: entry.at.toISOString() })), nextCursor }
  })

  app.get('/api/v1/mitra/earnings/statement', { schema: { querystring: statementQuery, response: { 200: statementReply } }, config: own }, async (request, reply) => {
    const statement = await showStatement(ctx, request.user.id, request.query.month)
    return request.query.format === 'csv' ? sendCsv(reply, `earnings-${statement.month}.csv`, STATEMENT_HEADER, statementLines(statement)) : statement
  })

  app.get('/api/v1/mitra/payouts', { schema: { querystring: payoutsQuery, response: { 200: payoutList } }, config: own }, async (request) => {
    const { items, nextCursor } = await findPayouts(ctx.sql, { mitraId: request.user.id, begins: walletBegins(request.user.id), ...request.query })
    return { items: await viewPayouts(ctx.sql, ctx, items), nextCursor }
  })

  app.post('/api/v1/mitra/payouts', { schema: { body: requestPayoutBody, response: { 201: payoutReply } }, config: { ...own, idempotency: 'required' } }, async (request, reply) => {
    const payout = await requestPayout(ctx, request.user.id, request.body, String(request.headers['idempotency-key']))
    return reply.code(201).send({ payout })
  })
}
