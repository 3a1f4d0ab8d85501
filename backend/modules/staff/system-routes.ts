import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { byOf } from './by.ts'
import { reseedReply, systemReply } from './control-contract.ts'
import { reseedMirror } from './reseed-mirror.ts'
import { findSystemState } from './system-state.ts'

const reading = { access: { staff: 'board.read' }, limit: 'standard' } as const
const reseeding = { access: { staff: 'settings.write' }, limit: 'standard' } as const

export const systemStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/system', { schema: { response: { 200: systemReply } }, config: reading }, () => findSystemState(ctx))

  app.post('/internal/v1/system/reseed', { schema: { response: { 200: reseedReply } }, config: reseeding }, async (request) => {
    await reseedMirror(ctx, byOf(request))
    return { reseeded: true as const }
  })
}
