import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { approveMitra, deactivateMitra, reactivateMitra, rejectMitra, setCapacity, type Mitra, type MitraStaffAct } from '../mitras/index.ts'
import { byOf } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { changeMitraBody, mitraForStaff, mitraList, mitrasQuery } from './control-contract.ts'
import { mitraRecord } from './record-contract.ts'
import { getMitraRecord } from './show-mitra-record.ts'
import { findMitrasForStaff, getMitraForStaff } from './show-mitras.ts'

const reading = { access: { staff: 'board.read' }, limit: 'standard' } as const
const approving = { access: { staff: 'mitras.approve' }, limit: 'standard' } as const
const deactivating = { access: { staff: 'mitras.deactivate' }, limit: 'standard' } as const

type Decide = (tx: Tx, act: MitraStaffAct & { reason: string }) => Promise<Mitra>
const DECISIONS: readonly { verb: string; decide: Decide; config: typeof approving | typeof deactivating }[] = [
  { verb: 'approve', decide: approveMitra, config: approving },
  { verb: 'reject', decide: rejectMitra, config: approving },
  { verb: 'deactivate', decide: deactivateMitra, config: deactivating },
  { verb: 'reactivate', decide: reactivateMitra, config: approving },
]

export const mitraStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/mitras', { schema: { querystring: mitrasQuery, response: { 200: mitraList } }, config: reading }, (request) =>
    findMitrasForStaff(ctx, request.staff.role, request.query))

  app.get('/internal/v1/mitras/:id', { schema: { params: idParams, response: { 200: mitraForStaff } }, config: reading }, (request) =>
    getMitraForStaff(ctx, request.staff.role, request.params.id))

  app.get('/internal/v1/mitras/:id/record', { schema: { params: idParams, response: { 200: mitraRecord } }, config: reading }, (request) =>
    getMitraRecord(ctx, request.staff.role, request.params.id))

  app.patch('/internal/v1/mitras/:id', { schema: { params: idParams, body: changeMitraBody, response: { 200: mitraForStaff } }, config: approving }, async (request) => {
    const mitraId = request.params.id
    await transact(ctx, (tx) => setCapacity(tx, { ...byOf(request), mitraId, ...request.body }))
    return getMitraForStaff(ctx, request.staff.role, mitraId)
  })

  for (const { verb, decide, config } of DECISIONS) {
    app.post(`/internal/v1/mitras/:id/${verb}`, { schema: { params: idParams, body: reasonBody, response: { 200: mitraForStaff } }, config }, async (request) => {
      const mitraId = request.params.id
      await transact(ctx, (tx) => decide(tx, { ...byOf(request), mitraId, reason: request.body.reason }))
      return getMitraForStaff(ctx, request.staff.role, mitraId)
    })
  }
}
