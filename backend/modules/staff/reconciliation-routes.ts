import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findDifferences, findReconciliations, findRun, type Reconciliation } from '../reconciliation/index.ts'
import { askToReconcile } from './ask-to-reconcile.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { findStaffNames } from './queries.ts'
import { reconcileBody, reconciliationDetails, reconciliationList, reconciliationReply, reconciliationsQuery } from './reconciliation-contract.ts'

const reading = { access: { staff: 'parked.read' }, limit: 'standard' } as const
const DIFFERENCES_MOST = 500
const asking = { access: { staff: 'parked.replay' }, limit: 'standard' } as const

/** Our payments beside the provider's own list. What was parked stands among the parked events too. */
export const reconciliationStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/reconciliations', { schema: { querystring: reconciliationsQuery, response: { 200: reconciliationList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findReconciliations(ctx.sql, request.query)
    return { items: await viewsOf(ctx, items), nextCursor }
  })

  app.get('/internal/v1/reconciliations/:id', { schema: { params: idParams, response: { 200: reconciliationDetails } }, config: reading }, async (request) => {
    const run = await findRun(ctx.sql, request.params.id)
    if (!run) throw new AppError('not_found', 'no such comparison')
    const differences = await findDifferences(ctx.sql, run.id, DIFFERENCES_MOST)
    return { reconciliation: (await viewsOf(ctx, [run]))[0]!, isComplete: differences.length < DIFFERENCES_MOST, differences: differences.map((difference) => ({ ...difference, createdAt: difference.createdAt.toISOString() })) }
  })

  app.post('/internal/v1/reconciliations', { schema: { body: reconcileBody, response: { 201: reconciliationReply } }, config: asking }, async (request, reply) =>
    reply.code(201).send({ reconciliation: (await viewsOf(ctx, [await askToReconcile(ctx, byOf(request), request.body)]))[0]! }))
}

async function viewsOf(ctx: Ctx, runs: readonly Reconciliation[]) {
  const names = await findStaffNames(ctx.sql, runs.flatMap((run) => run.askedBy ?? []))
  return runs.map(({ fromAt, untilAt, feesUntil, startedAt, finishedAt, ...run }) => ({
    ...run, askedByName: run.askedBy === null ? null : names.get(run.askedBy) ?? null, feesUntil: feesUntil?.toISOString() ?? null, from: fromAt.toISOString(), until: untilAt.toISOString(),
    startedAt: startedAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null,
  }))
}
