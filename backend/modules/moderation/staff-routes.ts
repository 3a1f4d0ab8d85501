import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { changeTerm } from './change-term.ts'
import { checkBody, checkReply, termBody, termList, termReply } from './contract.ts'
import { mask } from './find-contacts.ts'
import { refreshLexicon, type Lexicon } from './lexicon.ts'
import { findTerms } from './terms.ts'

const writing = { access: { staff: 'lexicon.write' }, limit: 'standard' } as const

/** The lexicon for those who care for it. */
export const lexiconStaffRoutes = (ctx: Ctx, lexicon: Pick<Lexicon, 'screen'>): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/lexicon', { schema: { response: { 200: termList } }, config: writing }, async () => ({ items: await findTerms(ctx.sql), nextCursor: null }))

  app.put('/internal/v1/lexicon', { schema: { body: termBody, response: { 200: termReply } }, config: writing }, async (request) => {
    const term = await transact(ctx, (tx) => changeTerm(tx, { staffId: request.staff.id, ...request.body, requestId: request.id, ip: request.ip }))
    await refreshLexicon(ctx)
    return { term }
  })

  app.post('/internal/v1/lexicon/check', { schema: { body: checkBody, response: { 200: checkReply } }, config: writing }, async (request) => {
    const found = lexicon.screen(request.body.text)
    return { kinds: [...(found?.kinds ?? [])], masked: mask(request.body.text, found?.spans ?? []) }
  })
}
