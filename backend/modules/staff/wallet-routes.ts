import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findWalletHolds } from '../ledger/index.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { askToRelease } from './ask-to-release.ts'
import { releaseBody, walletHoldList, walletHoldsQuery } from './books-contract.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const

/** Wallets of numbers that may have a new owner: whose money it is takes two persons to say, as for all that is in suspense. */
export const walletStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/wallet-holds', { schema: { querystring: walletHoldsQuery, response: { 200: walletHoldList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findWalletHolds(ctx.sql, request.query)
    return { items: items.map((hold) => ({ ...hold, heldAt: hold.heldAt.toISOString(), settledAt: hold.settledAt?.toISOString() ?? null })), nextCursor }
  })

  app.post('/internal/v1/wallet-holds/:id/release', { schema: { params: idParams, body: releaseBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToRelease(ctx, byOf(request), request.params.id, request.body))))
}
