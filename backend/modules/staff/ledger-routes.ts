import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { findAccountEntries, findBalances, findClosings, findLastCheck, findTransaction, findTransactions, listClosings, readAccountEntries, sumByClass } from '../ledger/index.ts'
import { auditOf, byOf } from './by.ts'
import { idParams } from './contract.ts'
import { linesOf, sendList } from './export-list.ts'
import {
  accountList, accountsQuery, balancesReply, checkReply, closingList, closingReply, closingsQuery, dayParams, entriesQuery, entryList, transactionList, transactionReply, transactionsQuery,
} from './ledger-contract.ts'
import { checkView, closingsVerdict, closingView, transactionView } from './ledger-views.ts'
import { ENTRY_FILE } from './list-files.ts'

const reading = { access: { staff: 'ledger.read' }, limit: 'standard' } as const

export type LedgerParts = {
  /** Checks the books and the closed days now and writes down what it finds. */
  checkBooks: (ctx: Ctx) => Promise<unknown>
}

/** The ledger as it stands, and its checker. */
export const ledgerStaffRoutes = (ctx: Ctx, parts: LedgerParts): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/ledger/balances', { schema: { response: { 200: balancesReply } }, config: reading }, async () => {
    const items = await sumByClass(ctx.sql)
    const sum = (key: 'debitsIdr' | 'creditsIdr' | 'balanceIdr') => items.reduce((total, item) => total + item[key], 0)
    return { items, debitsIdr: sum('debitsIdr'), creditsIdr: sum('creditsIdr'), totalIdr: sum('balanceIdr') }
  })

  app.get('/internal/v1/ledger/accounts', { schema: { querystring: accountsQuery, response: { 200: accountList } }, config: reading }, async (request) => findBalances(ctx.sql, request.query))

  app.get('/internal/v1/ledger/entries', { schema: { querystring: entriesQuery, response: { 200: entryList } }, config: reading }, async (request, reply) => {
    const { account, format } = request.query
    if (format === 'csv') {
      return sendList(ctx, reply, byOf(request), { name: 'account-entries', filter: request.query, header: ENTRY_FILE.header, rows: linesOf(readAccountEntries(ctx.sql, account), ENTRY_FILE.line) })
    }
    const page = await findAccountEntries(ctx.sql, account, request.query)
    return { ...page, items: page.items.map((entry) => ({ ...entry, at: entry.at.toISOString() })) }
  })

  app.get('/internal/v1/ledger/transactions', { schema: { querystring: transactionsQuery, response: { 200: transactionList } }, config: reading }, async (request) => {
    const { items, nextCursor } = await findTransactions(ctx.sql, request.query)
    return { items: items.map(transactionView), nextCursor }
  })

  app.get('/internal/v1/ledger/transactions/:id', { schema: { params: idParams, response: { 200: transactionReply } }, config: reading }, async (request) => {
    const transaction = await findTransaction(ctx.sql, request.params.id)
    if (!transaction) throw new AppError('not_found', 'no such transaction')
    return { transaction: transactionView(transaction) }
  })

  app.get('/internal/v1/closings', { schema: { querystring: closingsQuery, response: { 200: closingList } }, config: reading }, async (request) => {
    const [{ items, nextCursor }, check] = await Promise.all([listClosings(ctx.sql, request.query), findLastCheck(ctx.sql)])
    return { items: items.map(closingView), nextCursor, verdict: closingsVerdict(check) }
  })

  app.get('/internal/v1/closings/:day', { schema: { params: dayParams, response: { 200: closingReply } }, config: reading }, async (request) => {
    const { day } = request.params
    const [[closing], check] = await Promise.all([findClosings(ctx.sql, { from: day, until: day }), findLastCheck(ctx.sql)])
    if (!closing) throw new AppError('not_found', 'this day is not closed')
    return { closing: { ...closingView(closing), accounts: closing.accounts, flows: closing.flows }, verdict: closingsVerdict(check) }
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
  return checkView(await findLastCheck(ctx.sql))
}
