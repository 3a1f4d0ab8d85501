import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { changePromoCode, createPromoCode, findPromoCodes, type PromoCode } from '../promotions/index.ts'
import { auditOf, byOf } from './by.ts'
import { idParams, pageQuery } from './contract.ts'
import { pageOf } from './pages.ts'
import { changePromoCodeBody, createPromoCodeBody, promoCodeList, promoCodeReply } from './promo-code-contract.ts'

const reading = { access: { staff: 'settings.read' }, limit: 'standard' } as const
const writing = { access: { staff: 'settings.write' }, limit: 'standard' } as const

export const promoCodeStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/promo-codes', { schema: { querystring: pageQuery, response: { 200: promoCodeList } }, config: reading }, async (request) =>
    pageOf(await findPromoCodes(ctx.sql, request.query), request.query.limit, view))

  app.post('/internal/v1/promo-codes', { schema: { body: createPromoCodeBody, response: { 201: promoCodeReply } }, config: writing }, async (request, reply) => {
    const { reason, ...wanted } = request.body
    const made = await transact(ctx, async (tx) => {
      const created = await createPromoCode(tx, wanted)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'promo_code.created', targetType: 'promo_code', targetId: created.id, reason, details: { ...wanted, startsAt: created.startsAt.toISOString(), endsAt: created.endsAt.toISOString() } })
      return created
    })
    return reply.code(201).send({ promoCode: view(made) })
  })

  app.patch('/internal/v1/promo-codes/:id', { schema: { params: idParams, body: changePromoCodeBody, response: { 200: promoCodeReply } }, config: writing }, async (request) => {
    const { reason, ...change } = request.body
    return transact(ctx, async (tx) => {
      const changed = await changePromoCode(tx, request.params.id, change)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'promo_code.changed', targetType: 'promo_code', targetId: changed.id, reason, details: { ...change, ...(change.endsAt ? { endsAt: change.endsAt.toISOString() } : {}) } })
      return { promoCode: view(changed) }
    })
  })
}

function view(row: PromoCode) {
  return { ...row, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString(), createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() }
}
