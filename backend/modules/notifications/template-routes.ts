import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { NamesOf } from '../audit/index.ts'
import { changeTemplate } from './change-template.ts'
import { previewTemplate } from './preview-template.ts'
import { restoreTemplate } from './restore-template.ts'
import { changeTemplateBody, previewTemplateBody, restoreTemplateBody, templateHistory, templateHistoryQuery, templateList, templateParams, templatePreview, templateTextParams, templateView } from './template-contract.ts'
import { getTemplate, listTemplateHistory, listTemplates } from './template-queries.ts'
import { refreshTemplates } from './templates.ts'

const PATH = '/internal/v1/notice-templates'
const reading = { access: { staff: 'settings.read' }, limit: 'standard' } as const
const writing = { access: { staff: 'settings.write' }, limit: 'standard' } as const

/** What people are told, for those who care for the words. */
export const templateStaffRoutes = (ctx: Ctx, { namesOf }: { namesOf: NamesOf }): FastifyPluginAsyncZod => async (app) => {
  const view = async (request: { staff: { role: Parameters<NamesOf>[1] } }, key: string) => {
    const found = await getTemplate(ctx.sql, key)
    return { ...found, names: await namesOf(ctx.sql, request.staff.role, found.languages.map((one) => one.changedBy)) }
  }

  app.get(PATH, { schema: { response: { 200: templateList } }, config: reading }, async (request) => {
    const items = await listTemplates(ctx.sql)
    return { items, nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, items.flatMap((one) => one.languages.map((of) => of.changedBy))) }
  })

  app.get(`${PATH}/:key`, { schema: { params: templateParams, response: { 200: templateView } }, config: reading }, (request) => view(request, request.params.key))

  app.get(`${PATH}/:key/history`, { schema: { params: templateParams, querystring: templateHistoryQuery, response: { 200: templateHistory } }, config: reading }, async (request) => {
    const list = await listTemplateHistory(ctx.sql, request.params.key, request.query)
    return { ...list, names: await namesOf(ctx.sql, request.staff.role, list.items.map((one) => one.changedBy)) }
  })

  app.put(`${PATH}/:key/:language`, { schema: { params: templateTextParams, body: changeTemplateBody, response: { 200: templateView } }, config: writing }, async (request) => {
    await transact(ctx, (tx) => changeTemplate(tx, { staffId: request.staff.id, ...request.params, ...request.body, requestId: request.id, ip: request.ip }))
    await refreshTemplates(ctx)
    return view(request, request.params.key)
  })

  app.post(`${PATH}/:key/:language/restore`, { schema: { params: templateTextParams, body: restoreTemplateBody, response: { 200: templateView } }, config: writing }, async (request) => {
    await transact(ctx, (tx) => restoreTemplate(tx, { staffId: request.staff.id, ...request.params, ...request.body, requestId: request.id, ip: request.ip }))
    await refreshTemplates(ctx)
    return view(request, request.params.key)
  })

  app.post(`${PATH}/:key/:language/preview`, { schema: { params: templateTextParams, body: previewTemplateBody, response: { 200: templatePreview } }, config: reading }, async (request) =>
    previewTemplate(ctx.env, { ...request.params, ...request.body }))
}
