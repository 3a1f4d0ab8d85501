import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findTimeRange } from '../../platform/day-range.ts'
import { findBatches, findPayouts } from '../payouts/index.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { byOf } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { PAYOUT_FILE } from './list-files.ts'
import { askToSettlePayout, makePayoutBatch, rejectPayoutBatch, submitPayoutBatch } from './decide-payouts.ts'
import { batchesQuery, batchList, batchReply, makeBatchBody, settlePayoutBody, mitraEarningsReply, staffPayoutList, staffPayoutReply, staffPayoutsQuery, submitBatchBody } from './payout-contract.ts'
import { showBatch, showBatches, showMitraEarnings, showPayout, showPayouts } from './show-payouts.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const

/** What mitras are paid out: gathered by one member of staff, approved by another. */
export const payoutStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/payouts', { schema: { querystring: staffPayoutsQuery, response: { 200: staffPayoutList } }, config: reading }, async (request, reply) => {
    const [by, filter] = [byOf(request), { ...request.query, ...await findTimeRange(ctx.sql, request.query) }]
    if (filter.format === 'csv') {
      const rows = everyRow((page) => findPayouts(ctx.sql, { ...filter, ...page }), (items) => showPayouts(ctx, by, items))
      return sendList(ctx, reply, by, { name: 'payouts', filter: request.query, header: PAYOUT_FILE.header, rows: linesOf(rows, PAYOUT_FILE.line) })
    }
    const { items, nextCursor } = await findPayouts(ctx.sql, filter)
    return { items: await showPayouts(ctx, by, items), nextCursor }
  })

  app.get('/internal/v1/payouts/:id', { schema: { params: idParams, response: { 200: staffPayoutReply } }, config: reading }, async (request) => ({ payout: await showPayout(ctx, byOf(request), request.params.id) }))

  app.get('/internal/v1/mitras/:id/earnings', { schema: { params: idParams, response: { 200: mitraEarningsReply } }, config: reading }, async (request) => ({ earnings: await showMitraEarnings(ctx, request.params.id) }))

  app.post('/internal/v1/payouts', { schema: { body: makeBatchBody, response: { 201: batchReply } }, config: { ...deciding, idempotency: 'required' } }, async (request, reply) => {
    const batch = await makePayoutBatch(ctx, byOf(request), request.body.kind, String(request.headers['idempotency-key']))
    return reply.code(201).send({ batch: (await showBatches(ctx, byOf(request), [batch]))[0]! })
  })

  app.post('/internal/v1/payouts/:id/settle', { schema: { params: idParams, body: settlePayoutBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToSettlePayout(ctx, byOf(request), request.params.id, request.body))))

  app.get('/internal/v1/payout-batches', { schema: { querystring: batchesQuery, response: { 200: batchList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findBatches(ctx.sql, request.query)
    return { items: await showBatches(ctx, byOf(request), items), nextCursor }
  })

  app.get('/internal/v1/payout-batches/:id', { schema: { params: idParams, response: { 200: batchReply } }, config: reading }, async (request) => ({ batch: await showBatch(ctx, byOf(request), request.params.id) }))

  app.post('/internal/v1/payout-batches/:id/submit', { schema: { params: idParams, body: submitBatchBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await submitPayoutBatch(ctx, byOf(request), request.params.id, request.body.reason))))

  app.post('/internal/v1/payout-batches/:id/reject', { schema: { params: idParams, body: reasonBody, response: { 200: batchReply } }, config: deciding }, async (request) => {
    const batch = await rejectPayoutBatch(ctx, byOf(request), request.params.id, request.body.reason)
    return { batch: (await showBatches(ctx, byOf(request), [batch]))[0]! }
  })
}
