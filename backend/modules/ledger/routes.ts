import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { sendCsv } from '../../platform/csv.ts'
import { account } from './accounts.ts'
import { entriesQuery, entriesReply, statementQuery, statementReply, walletReply } from './contract.ts'
import { findWallet, findWalletEntries } from './queries.ts'
import { showWalletStatement, STATEMENT_HEADER, statementLines } from './statement.ts'

/** A customer's own wallet. */
export const walletRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/wallet', {
    schema: { response: { 200: walletReply } },
    config: { access: 'customer', limit: 'standard' },
  }, async (request) => {
    const { lots, ...sums } = await findWallet(ctx.sql, request.user.id)
    return { ...sums, lots: lots.map((lot) => ({ ...lot, expiresAt: lot.expiresAt.toISOString() })) }
  })

  app.get('/api/v1/wallet/entries', {
    schema: { querystring: entriesQuery, response: { 200: entriesReply } },
    config: { access: 'customer', limit: 'standard' },
  }, async (request) => {
    const { items, nextCursor } = await findWalletEntries(ctx.sql, request.user.id, request.query)
    const wallet = account.wallet(request.user.id)
    return { items: items.map((entry) => ({ ...entry, kind: entry.account === wallet ? 'wallet' as const : 'promo' as const, at: entry.at.toISOString() })), nextCursor }
  })

  app.get('/api/v1/wallet/statement', {
    schema: { querystring: statementQuery, response: { 200: statementReply } },
    config: { access: 'customer', limit: 'standard' },
  }, async (request, reply) => {
    const statement = await showWalletStatement(ctx, request.user.id, request.query.month)
    return request.query.format === 'csv' ? sendCsv(reply, `wallet-${statement.month}.csv`, STATEMENT_HEADER, statementLines(statement)) : statement
  })
}
