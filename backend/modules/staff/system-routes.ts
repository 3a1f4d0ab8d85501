import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { findParkedRows } from '../../platform/outbox-state.ts'
import type { QueueBoard } from '../../platform/queue-board.ts'
import { byOf } from './by.ts'
import { idParams } from './contract.ts'
import { reseedMirror } from './reseed-mirror.ts'
import { retryJob, retryWork } from './retry-work.ts'
import { deadWorkList, deadWorkQuery, failedJobList, jobParams, reseedReply, retryJobBody, retryWorkBody, retryWorkReply, systemReply } from './system-contract.ts'
import { findSystemState } from './system-state.ts'

const reading = { access: { staff: 'board.read' }, limit: 'standard' } as const
const reseeding = { access: { staff: 'settings.write' }, limit: 'standard' } as const
const readingDead = { access: { staff: 'parked.read' }, limit: 'standard' } as const
const retrying = { access: { staff: 'parked.replay' }, limit: 'standard' } as const

export const systemStaffRoutes = (ctx: Ctx, board: QueueBoard): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/system', { schema: { response: { 200: systemReply } }, config: reading }, () => findSystemState(ctx))

  app.post('/internal/v1/system/reseed', { schema: { response: { 200: reseedReply } }, config: reseeding }, async (request) => {
    await reseedMirror(ctx, byOf(request))
    return { reseeded: true as const }
  })

  app.get('/internal/v1/system/outbox', { schema: { querystring: deadWorkQuery, response: { 200: deadWorkList } }, config: readingDead }, async (request) => {
    const { items, nextCursor } = await findParkedRows(ctx.sql, request.query)
    return { items: items.map((row) => ({ ...row, createdAt: row.createdAt.toISOString(), parkedAt: row.parkedAt.toISOString() })), nextCursor }
  })

  app.post('/internal/v1/system/outbox/:id/retry', { schema: { params: idParams, body: retryWorkBody, response: { 200: retryWorkReply } }, config: retrying }, async (request) => {
    const { id } = request.params
    await retryWork(ctx, byOf(request), id, request.body.reason)
    return { id, retried: true as const }
  })

  app.get('/internal/v1/system/jobs', { schema: { response: { 200: failedJobList } }, config: readingDead }, async () => {
    const items = (await board.findFailed()).map((job) => ({ ...job, failedAt: job.failedAt?.toISOString() ?? null }))
    return { items, nextCursor: null }
  })

  app.post('/internal/v1/system/jobs/:id/retry', { schema: { params: jobParams, body: retryJobBody, response: { 200: retryWorkReply } }, config: retrying }, async (request) => {
    const { params: { id }, body: { queue, reason } } = request
    await retryJob(ctx, board, byOf(request), { queue, id }, reason)
    return { id, retried: true as const }
  })
}
