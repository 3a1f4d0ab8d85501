import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { applyAsMitra, findApplication } from './apply-as-mitra.ts'
import {
  applicationBody, applicationReply, mitraParams, mitraView, mitrasQuery, mitrasReply, profileBody, profileReply, statusBody, statusReply,
} from './contract.ts'
import type { Liveness } from './liveness.ts'
import { changeProfile, getProfile } from './own-profile.ts'
import { getStatus, setOnline } from './set-online.ts'
import { showMitra, showMitras } from './show-mitras.ts'
import { z } from 'zod'

const own = { access: 'mitra', limit: 'standard' } as const
const forCustomers = { access: 'customer', limit: 'standard' } as const

export const mitraRoutes = (ctx: Ctx, parts: { liveness: Pick<Liveness, 'seen'> }): FastifyPluginAsyncZod => async (app) => {
  app.post('/api/v1/mitra/application', { schema: { body: applicationBody, response: { 200: applicationReply, 201: applicationReply } }, config: own }, async (request, reply) => {
    const { application, isNew } = await applyAsMitra(ctx, request.user.id, request.body)
    return reply.code(isNew ? 201 : 200).send(application)
  })

  app.get('/api/v1/mitra/application', { schema: { response: { 200: applicationReply } }, config: own }, (request) => findApplication(ctx, request.user.id))

  app.get('/api/v1/mitra/profile', { schema: { response: { 200: profileReply } }, config: own }, (request) => getProfile(ctx, request.user.id))

  app.patch('/api/v1/mitra/profile', { schema: { body: profileBody, response: { 200: profileReply } }, config: own }, (request) =>
    changeProfile(ctx, request.user.id, request.body))

  app.get('/api/v1/mitra/status', { schema: { response: { 200: statusReply } }, config: own }, async (request) => ({ status: await getStatus(ctx, request.user.id) }))

  app.put('/api/v1/mitra/status', { schema: { body: statusBody, response: { 200: statusReply } }, config: own }, async (request) => ({
    status: await setOnline(ctx, request.user.id, request.body.online),
  }))

  app.post('/api/v1/mitra/heartbeat', { schema: { response: { 204: z.null() } }, config: { ...own, idempotency: 'off' } }, async (request, reply) => {
    parts.liveness.seen(request.user.id)
    return reply.code(204).send(null)
  })

  app.get('/api/v1/mitras', { schema: { querystring: mitrasQuery, response: { 200: mitrasReply } }, config: forCustomers }, (request) => showMitras(ctx, request.user.id, request.query))

  app.get('/api/v1/mitras/:id', { schema: { params: mitraParams, response: { 200: mitraView } }, config: forCustomers }, (request) =>
    showMitra(ctx, request.user.id, request.params.id))
}
