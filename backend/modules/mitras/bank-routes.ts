import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findBankAccount, setBankAccount, type MaskedBankAccount } from './bank-account.ts'
import { bankAccountBody, bankAccountOrNone, bankAccountReply } from './contract.ts'

const own = { access: 'mitra', limit: 'standard' } as const

/** Where a mitra is paid out to. What comes back is masked, to its owner too. */
export const bankRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/mitra/bank-account', { schema: { response: { 200: bankAccountOrNone } }, config: own }, async (request) => {
    const account = await findBankAccount(ctx.sql, ctx, request.user.id)
    return { bankAccount: account ? view(account) : null }
  })

  app.put('/api/v1/mitra/bank-account', { schema: { body: bankAccountBody, response: { 200: bankAccountReply } }, config: own }, async (request) => ({
    bankAccount: view(await setBankAccount(ctx, request.user.id, request.body)),
  }))
}

function view({ id: _id, createdAt, ...account }: MaskedBankAccount) {
  return { ...account, createdAt: createdAt.toISOString() }
}
