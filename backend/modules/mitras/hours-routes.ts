import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { endBreak, takeBreak } from './breaks.ts'
import { breakBody, scheduleBody, scheduleReply, statusReply } from './contract.ts'
import { getSchedule, putSchedule } from './schedule.ts'

const tags = ['mitras']
const config = { access: 'mitra', limit: 'standard' } as const

/** A mitra's hours: the weekly schedule with its exceptions, and breaks. */
export const hoursRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/api/v1/mitra/schedule', { schema: { tags, response: { 200: scheduleReply } }, config }, async (request) => ({ schedule: await getSchedule(ctx, request.user.id) }))

  app.put('/api/v1/mitra/schedule', { schema: { tags, body: scheduleBody, response: { 200: scheduleReply } }, config }, async (request) => ({
    schedule: await putSchedule(ctx, request.user.id, request.body),
  }))

  app.put('/api/v1/mitra/break', { schema: { tags, body: breakBody, response: { 200: statusReply } }, config }, async (request) => ({
    status: await takeBreak(ctx, request.user.id, request.body.minutes),
  }))

  app.delete('/api/v1/mitra/break', { schema: { tags, response: { 200: statusReply } }, config }, async (request) => ({ status: await endBreak(ctx, request.user.id) }))
}
