import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { logoutBody, logoutReply, otpRequestBody, otpRequestReply, otpVerifyBody, otpVerifyReply, refreshBody, refreshReply } from './contract.ts'
import type { LeftNumber } from './change-phone.ts'
import { meRoutes } from './me-routes.ts'
import type { StartedAfresh } from './ensure-person.ts'
import { refreshSignIn } from './refresh-sign-in.ts'
import { requestCode } from './request-code.ts'
import { signIn } from './sign-in.ts'
import { logOut, logOutEverywhere } from './sign-ins.ts'
import { profileView } from './views.ts'

const open = { access: 'public', limit: 'standard' } as const
const signedIn = { access: 'signed-in', limit: 'standard' } as const

export const identityRoutes = (ctx: Ctx, { startedAfresh, leftNumber }: { startedAfresh: StartedAfresh; leftNumber: LeftNumber }): FastifyPluginAsyncZod => async (app) => {
  await app.register(meRoutes(ctx, leftNumber))

  app.post('/api/v1/auth/otp/request', { schema: { body: otpRequestBody, response: { 202: otpRequestReply } }, config: open }, async (request, reply) => {
    const challenge = await requestCode(ctx, { ...request.body, ip: request.ip })
    reply.code(202)
    return { challengeId: challenge.id, expiresAt: challenge.expiresAt.toISOString(), resendAt: challenge.resendAt.toISOString() }
  })

  app.post('/api/v1/auth/otp/verify', { schema: { body: otpVerifyBody, response: { 200: otpVerifyReply } }, config: open }, async (request) => {
    const { tokens, user, isNew } = await signIn(ctx, { ...request.body, ip: request.ip, appVersion: appVersionOf(request) }, startedAfresh)
    return { ...tokens, user: { ...profileView(user), isNew } }
  })

  app.post('/api/v1/auth/refresh', { schema: { body: refreshBody, response: { 200: refreshReply } }, config: open }, (request) =>
    refreshSignIn(ctx, request.body.refreshToken))

  app.post('/api/v1/auth/logout', { schema: { body: logoutBody, response: { 200: logoutReply } }, config: signedIn }, async (request) => ({
    endedSignIns: await logOut(ctx, request.user, request.body.refreshToken),
  }))

  app.post('/api/v1/auth/logout-all', { schema: { response: { 200: logoutReply } }, config: signedIn }, async (request) => ({
    endedSignIns: await logOutEverywhere(ctx, request.user),
  }))
}

function appVersionOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-app-version']
  return typeof header === 'string' ? header.slice(0, 64) : undefined
}
