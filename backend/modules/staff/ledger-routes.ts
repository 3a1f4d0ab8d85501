import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { findLastCheck, findTransaction, findTransactions, sumByClass, type LedgerTransaction } from '../ledger/index.ts'
import { balancesReply, checkReply, transactionList, transactionReply, transactionsQuery } from './books-contract.ts'
import { auditOf, byOf } from './by.ts'
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

  app.post('/internal/v1/ledger/check', { schema: { response: { 200: checkReply } }, config: reading }, async (request) => {
    await parts.checkBooks(ctx)
    const found = await lastCheck(ctx)
    await transact(ctx, (tx) => appendAudit(tx, { ...auditOf(byOf(request)), act: 'ledger.checked', targetType: 'ledger', details: { ok: found.ok, driftIdr: found.driftIdr, problems: found.problems.length } }))
    return found
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
