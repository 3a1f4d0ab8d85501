import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findLastCheck, findTransaction, findTransactions, sumByClass, type LedgerTransaction } from '../ledger/index.ts'
import { balancesReply, checkReply, transactionList, transactionReply, transactionsQuery } from './books-contract.ts'
import { idParams } from './contract.ts'

const reading = { access: { staff: 'ledger.read' }, limit: 'standard' } as const

export type LedgerParts = {
  /** Checks the books and the closed days now and writes down what it finds. */
  checkBooks: (ctx: Ctx) => Promise<unknown>
}

/** The ledger as it stands, and its checker. */
export const ledgerStaffRoutes = (ctx: Ctx, parts: LedgerParts): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/ledger/balances', { schema: { response: { 200: balancesReply } }, config: reading }, async () => {
    const items = await sumByClass(ctx.sql)
    return { items, totalIdr: items.reduce((total, item) => total + item.balanceIdr, 0) }
  })

  app.get('/internal/v1/ledger/transactions', { schema: { querystring: transactionsQuery, response: { 200: transactionList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findTransactions(ctx.sql, request.query)
    return { items: items.map(view), nextCursor }
  })

  app.get('/internal/v1/ledger/transactions/:id', { schema: { params: idParams, response: { 200: transactionReply } }, config: reading }, async (request) => {
    const transaction = await findTransaction(ctx.sql, request.params.id)
    if (!transaction) throw new AppError('not_found', 'no such transaction')
    return { transaction: view(transaction) }
  })

  app.get('/internal/v1/ledger/check', { schema: { response: { 200: checkReply } }, config: reading }, async () => lastCheck(ctx))

  app.post('/internal/v1/ledger/check', { schema: { response: { 200: checkReply } }, config: reading }, async () => {
    await parts.checkBooks(ctx)
    return lastCheck(ctx)
  })
}

async function lastCheck(ctx: Ctx) {
  const check = await findLastCheck(ctx.sql)
  return {
    ok: check !== undefined && check.problems.length === 0, driftIdr: check?.driftIdr ?? 0, problems: check?.problems ?? [],
    checkedAt: check?.checkedAt.toISOString() ?? null, tookMs: check?.tookMs ?? null,
  }
}

function view(transaction: LedgerTransaction) {
  return { ...transaction, at: transaction.at.toISOString() }
}
