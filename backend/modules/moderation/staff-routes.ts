import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { NamesOf } from '../audit/index.ts'
import { changeTerm, listTermHistory } from './change-term.ts'
import { checkText } from './check-text.ts'
import { checkBody, checkReply, importBody, importReply, termBody, termHistory, termHistoryQuery, termList, termReply } from './contract.ts'
import { importTerms } from './import-terms.ts'
import { refreshLexicon, type Lexicon } from './lexicon.ts'
import { findTerms } from './terms.ts'

const writing = { access: { staff: 'lexicon.write' }, limit: 'standard' } as const

export type LexiconParts = { lexicon: Pick<Lexicon, 'screen' | 'explain'>; namesOf: NamesOf }

/** The lexicon for those who care for it. */
export const lexiconStaffRoutes = (ctx: Ctx, { lexicon, namesOf }: LexiconParts): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/lexicon', { schema: { response: { 200: termList } }, config: writing }, async (request) => {
    const items = await findTerms(ctx.sql)
    return { items, nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, items.map((one) => one.updatedBy)) }
  })

  app.put('/internal/v1/lexicon', { schema: { body: termBody, response: { 200: termReply } }, config: writing }, async (request) => {
    const term = await transact(ctx, (tx) => changeTerm(tx, { staffId: request.staff.id, ...request.body, requestId: request.id, ip: request.ip }))
    await refreshLexicon(ctx)
    return { term }
  })

  app.get('/internal/v1/lexicon/history', { schema: { querystring: termHistoryQuery, response: { 200: termHistory } }, config: writing }, async (request) => {
    const list = await listTermHistory(ctx.sql, request.query)
    return { ...list, names: await namesOf(ctx.sql, request.staff.role, list.items.map((one) => one.changedBy)) }
  })

  app.post('/internal/v1/lexicon/import', { schema: { body: importBody, response: { 200: importReply } }, config: writing }, async (request) => {
    const imported = await transact(ctx, (tx) => importTerms(tx, { staffId: request.staff.id, ...request.body, requestId: request.id, ip: request.ip }))
    if (imported.stored > 0) await refreshLexicon(ctx)
    return imported
  })

  app.post('/internal/v1/lexicon/check', { schema: { body: checkBody, response: { 200: checkReply } }, config: writing }, async (request) => checkText(lexicon, request.body))
}
