import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { changePhone, type LeftNumber } from './change-phone.ts'
import { changeOwnProfile } from './change-profile.ts'
import { acceptConsent, findConsents } from './consents.ts'
import {
  consentBody, consentReply, consentsReply, deviceBody, deviceReply, idParams, meBody, meReply, pageQuery, phoneBody, preferencesBody,
  preferencesReply, signInReply, signInsReply,
} from './contract.ts'
import { registerDevice, removeDevice } from './devices.ts'
import { getUser } from './people.ts'
import { findPreferences, putPreferences } from './preferences.ts'
import { findSignIns, removeSignIn } from './sign-ins.ts'
import { deviceView, meView, signInView } from './views.ts'

const config = { access: 'signed-in', limit: 'standard' } as const

/** What belongs to the caller: every query takes its user id from the token, never from the request. */
export const meRoutes = (ctx: Ctx, leftNumber: LeftNumber): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/me', { schema: { response: { 200: meReply } }, config }, async (request) =>
    meView(ctx.env, await getUser(ctx.sql, request.user.id)))

  app.patch('/api/v1/me', { schema: { body: meBody, response: { 200: meReply } }, config }, async (request) =>
    meView(ctx.env, await changeOwnProfile(ctx, request.user.id, request.body)))

  app.post('/api/v1/me/phone', { schema: { body: phoneBody, response: { 200: meReply } }, config }, async (request) =>
    meView(ctx.env, await changePhone(ctx, request.user, request.body, leftNumber)))

  app.get('/api/v1/me/preferences', { schema: { response: { 200: preferencesReply } }, config }, (request) =>
    findPreferences(ctx.sql, request.user.id))

  app.put('/api/v1/me/preferences', { schema: { body: preferencesBody, response: { 200: preferencesReply } }, config }, (request) =>
    putPreferences(ctx.sql, request.user.id, request.body))

  app.get('/api/v1/me/consents', { schema: { response: { 200: consentsReply } }, config }, async (request) => ({
    items: await findConsents(ctx.sql, ctx.settings, request.user.id),
  }))

  app.post('/api/v1/me/consents', { schema: { body: consentBody, response: { 201: consentReply } }, config }, async (request, reply) => {
    reply.code(201)
    return acceptConsent(ctx.sql, ctx.settings, request.user.id, request.body)
  })

  app.get('/api/v1/me/sign-ins', { schema: { querystring: pageQuery, response: { 200: signInsReply } }, config }, async (request) => {
    const { items, nextCursor } = await findSignIns(ctx, request.user.id, request.query)
    return { items: items.map((row) => signInView(row, request.user.signInId)), nextCursor }
  })

  app.delete('/api/v1/me/sign-ins/:id', { schema: { params: idParams, response: { 200: signInReply } }, config }, async (request) =>
    signInView(await removeSignIn(ctx, request.user.id, request.params.id), request.user.signInId))

  app.post('/api/v1/me/devices', { schema: { body: deviceBody, response: { 201: deviceReply } }, config }, async (request, reply) => {
    reply.code(201)
    return deviceView(await registerDevice(ctx, request.user, request.body))
  })

  app.delete('/api/v1/me/devices/:id', { schema: { params: idParams, response: { 200: deviceReply } }, config }, async (request) =>
    deviceView(await removeDevice(ctx.sql, request.user.id, request.params.id)))
}
