import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { changeSetting } from './change-setting.ts'
import { changeSettingBody, historyList, historyQuery, settingList, settingParams, settingView } from './contract.ts'
import { loadSettings } from './load-settings.ts'
import { getSetting, listSettingHistory, listSettings } from './queries.ts'

const reading = { access: { staff: 'settings.read' }, limit: 'standard' } as const
const writing = { access: { staff: 'settings.write' }, limit: 'standard' } as const

export const settingsStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/settings', { schema: { response: { 200: settingList } }, config: reading }, async () => ({
    items: await listSettings(ctx.sql), nextCursor: null,
  }))

  app.get('/internal/v1/settings/:key', { schema: { params: settingParams, response: { 200: settingView } }, config: reading }, (request) =>
    getSetting(ctx.sql, request.params.key))

  app.put('/internal/v1/settings/:key', { schema: { params: settingParams, body: changeSettingBody, response: { 200: settingView } }, config: writing }, async (request) => {
    const { key } = request.params
    await transact(ctx, (tx) => changeSetting(tx, { staffId: request.staff.id, key, ...request.body, requestId: request.id, ip: request.ip }))
    await loadSettings(ctx)
    return getSetting(ctx.sql, key)
  })

  app.get('/internal/v1/settings/:key/history', { schema: { params: settingParams, querystring: historyQuery, response: { 200: historyList } }, config: reading }, (request) =>
    listSettingHistory(ctx.sql, request.params.key, request.query))
}
