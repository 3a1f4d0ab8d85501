import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { maintenanceOf } from '../../platform/maintenance.ts'
import { findReplicas } from '../../platform/replicas.ts'
import type { NamesOf } from '../audit/index.ts'
import { changeSetting } from './change-setting.ts'
import { changeSettingBody, historyList, historyQuery, replicaList, revertSettingBody, settingList, settingParams, settingView, switchList } from './contract.ts'
import { loadSettings } from './load-settings.ts'
import { revertSetting } from './revert-setting.ts'
import { getSetting, listSettingHistory, listSettings, listSwitches } from './queries.ts'

const reading = { access: { staff: 'settings.read' }, limit: 'standard' } as const
/** Everybody's page says what is closed. */
const readingSwitches = { access: { staff: 'self' }, limit: 'standard' } as const
const writing = { access: { staff: 'settings.write' }, limit: 'standard' } as const

export const settingsStaffRoutes = (ctx: Ctx, { namesOf }: { namesOf: NamesOf }): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/settings', { schema: { response: { 200: settingList } }, config: reading }, async (request) => {
    const { items, version } = await listSettings(ctx.sql)
    return { items, version, nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, items.map((one) => one.updatedBy)) }
  })

  app.get('/internal/v1/settings/replicas', { schema: { response: { 200: replicaList } }, config: reading }, async () => {
    // First what is stored: who has more by then has it too.
    const { version } = await listSettings(ctx.sql)
    const replicas = await findReplicas(ctx.sql)
    return { version, nextCursor: null, items: replicas.map((one) => ({ ...one, hasAll: one.settingsVersion >= version })) }
  })

  app.get('/internal/v1/switches', { schema: { response: { 200: switchList } }, config: readingSwitches }, async (request) => {
    const items = await listSwitches(ctx.sql)
    const maintenance = maintenanceOf(ctx)
    return {
      items, maintenance: maintenance ? { messages: maintenance.messages, until: maintenance.until?.toISOString() ?? null } : null,
      nextCursor: null, names: await namesOf(ctx.sql, request.staff.role, items.map((one) => one.changedBy)),
    }
  })

  app.get('/internal/v1/settings/:key', { schema: { params: settingParams, response: { 200: settingView } }, config: reading }, (request) =>
    getSetting(ctx.sql, request.params.key))

  app.put('/internal/v1/settings/:key', { schema: { params: settingParams, body: changeSettingBody, response: { 200: settingView } }, config: writing }, async (request) => {
    const { key } = request.params
    await transact(ctx, (tx) => changeSetting(tx, { staffId: request.staff.id, key, ...request.body, requestId: request.id, ip: request.ip }))
    await loadSettings(ctx)
    return getSetting(ctx.sql, key)
  })

  app.post('/internal/v1/settings/:key/revert', { schema: { params: settingParams, body: revertSettingBody, response: { 200: settingView } }, config: writing }, async (request) => {
    const { key } = request.params
    await transact(ctx, (tx) => revertSetting(tx, { staffId: request.staff.id, key, ...request.body, requestId: request.id, ip: request.ip }))
    await loadSettings(ctx)
    return getSetting(ctx.sql, key)
  })

  app.get('/internal/v1/settings/:key/history', { schema: { params: settingParams, querystring: historyQuery, response: { 200: historyList } }, config: reading }, async (request) => {
    const list = await listSettingHistory(ctx.sql, request.params.key, request.query)
    return { ...list, names: await namesOf(ctx.sql, request.staff.role, list.items.map((one) => one.changedBy)) }
  })
}
