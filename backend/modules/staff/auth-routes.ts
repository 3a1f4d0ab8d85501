import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, byOf } from './by.ts'
import { changePassword } from './change-password.ts'
import { confirmTotp } from './confirm-totp.ts'
import { backupCodesReply, changePasswordBody, confirmTotpBody, empty, endedReply, idParams, renewCodesBody, signInBody, signInReply, staffSessionList, totpSecretReply } from './contract.ts'
import { enrolTotp } from './enrol-totp.ts'
import { getSelf } from './queries.ts'
import { renewBackupCodes } from './renew-backup-codes.ts'
import { grantsOf } from './roles.ts'
import { requiredOf, viewOf } from './rules.ts'
import { clearSessionCookie, setSessionCookie } from './session-cookie.ts'
import { signIn } from './sign-in.ts'
import { signOut } from './sign-out.ts'
import { endStaffSessions, findStaffSessions } from './staff-sessions.ts'

// Answers hold secrets that are shown once: they are not kept for a repeated Idempotency-Key.
const own = { access: { staff: 'self' }, limit: 'standard', idempotency: 'off' } as const
const anyone = { access: 'public', limit: 'standard', idempotency: 'off' } as const

export const staffAuthRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  const selfOf = async (sessionId: string) => {
    const { account, csrfToken } = await getSelf(ctx.sql, sessionId)
    return { csrfToken, staff: viewOf(account), required: requiredOf(account), grants: grantsOf(account.role) }
  }

  app.post('/internal/v1/auth/login', { schema: { body: signInBody, response: { 200: signInReply } }, config: anyone }, async (request, reply) => {
    const { token, seconds, ...answer } = await signIn(ctx, request.body, { ip: request.ip, userAgent: request.headers['user-agent'], requestId: request.id })
    setSessionCookie(ctx.env, reply, token, seconds)
    return { ...answer, grants: grantsOf(answer.staff.role) }
  })

  app.post('/internal/v1/auth/logout', { schema: { response: { 200: empty } }, config: own }, async (request, reply) => {
    await transact(ctx, async (tx) => {
      await signOut(tx, request.staff.sessionId)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'staff.signed_out', targetType: 'staff_session', targetId: request.staff.sessionId })
    })
    clearSessionCookie(ctx.env, reply)
    return {}
  })

  app.get('/internal/v1/auth/me', { schema: { response: { 200: signInReply } }, config: own }, (request) => selfOf(request.staff.sessionId))

  app.post('/internal/v1/auth/password', { schema: { body: changePasswordBody, response: { 200: signInReply } }, config: own }, async (request) => {
    await changePassword(ctx, byOf(request), request.body)
    return selfOf(request.staff.sessionId)
  })

  app.post('/internal/v1/auth/totp/enrol', { schema: { response: { 200: totpSecretReply } }, config: own }, (request) => enrolTotp(ctx, byOf(request)))

  app.post('/internal/v1/auth/totp/confirm', { schema: { body: confirmTotpBody, response: { 200: backupCodesReply } }, config: own }, (request) =>
    confirmTotp(ctx, byOf(request), request.body.totp))

  app.post('/internal/v1/auth/totp/backup-codes', { schema: { body: renewCodesBody, response: { 200: backupCodesReply } }, config: own }, (request) =>
    renewBackupCodes(ctx, byOf(request), request.body.totp))

  app.get('/internal/v1/auth/sessions', { schema: { response: { 200: staffSessionList } }, config: own }, async ({ staff }) => (
    { items: await findStaffSessions(ctx, staff.id, staff.sessionId), nextCursor: null }))

  app.delete('/internal/v1/auth/sessions', { schema: { response: { 200: endedReply } }, config: own }, async (request) => (
    { ended: await endStaffSessions(ctx, byOf(request), request.staff.id) }))

  app.delete('/internal/v1/auth/sessions/:id', { schema: { params: idParams, response: { 200: endedReply } }, config: own }, async (request) => (
    { ended: await endStaffSessions(ctx, byOf(request), request.staff.id, request.params.id) }))
}
