import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findWalletHold, findWalletHolds } from '../ledger/index.ts'
import { secondReply } from './approval-contract.ts'
import { secondOf } from './ask-second.ts'
import { askToRelease } from './ask-to-release.ts'
import { releaseBody, walletHoldList, walletHoldReply, walletHoldsQuery } from './books-contract.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { everyRow, linesOf, sendList } from './export-list.ts'
import { WALLET_HOLD_FILE } from './list-files.ts'
import { showWalletHolds } from './show-suspense.ts'

const reading = { access: { staff: 'payouts.read' }, limit: 'standard' } as const
const deciding = { access: { staff: 'payouts.decide' }, limit: 'standard' } as const

/** Wallets of numbers that may have a new owner: whose money it is takes two persons to say, as for all that is in suspense. */
export const walletStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/wallet-holds', { schema: { querystring: walletHoldsQuery, response: { 200: walletHoldList } }, config: reading }, async (request, reply) => {
    const by = byOf(request)
    if (request.query.format === 'csv') {
      const rows = everyRow((page) => findWalletHolds(ctx.sql, { ...request.query, ...page }), (items) => showWalletHolds(ctx, by, items))
      return sendList(ctx, reply, by, { name: 'wallet-holds', filter: request.query, header: WALLET_HOLD_FILE.header, rows: linesOf(rows, WALLET_HOLD_FILE.line) })
    }
    const { items, nextCursor } = await findWalletHolds(ctx.sql, request.query)
    return { items: await showWalletHolds(ctx, by, items), nextCursor }
  })

  app.get('/internal/v1/wallet-holds/:id', { schema: { params: idParams, response: { 200: walletHoldReply } }, config: reading }, async (request) => {
    const hold = await findWalletHold(ctx.sql, request.params.id)
    if (!hold) throw new AppError('not_found', 'no wallet is held under this id')
    return { hold: (await showWalletHolds(ctx, byOf(request), [hold]))[0]! }
  })

  app.post('/internal/v1/wallet-holds/:id/release', { schema: { params: idParams, body: releaseBody, response: { 202: secondReply } }, config: deciding }, async (request, reply) =>
    reply.code(202).send(secondOf(await askToRelease(ctx, byOf(request), request.params.id, request.body))))
}
