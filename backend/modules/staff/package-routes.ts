import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { changePackage, createPackage, listPackages } from '../sessions/index.ts'
import { auditOf, byOf } from './by.ts'
import { idParams } from './contract.ts'
import { changePackageBody, createPackageBody, packageList, packageView } from './control-contract.ts'

const reading = { access: { staff: 'settings.read' }, limit: 'standard' } as const
const writing = { access: { staff: 'settings.write' }, limit: 'standard' } as const

export const packageStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/packages', { schema: { response: { 200: packageList } }, config: reading }, async () => ({
    items: (await listPackages(ctx.sql)).map(view), nextCursor: null,
  }))

  app.post('/internal/v1/packages', { schema: { body: createPackageBody, response: { 201: packageView } }, config: writing }, async (request, reply) => {
    const { reason, ...wanted } = request.body
    const made = await transact(ctx, async (tx) => {
      const created = await createPackage(tx, wanted)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'package.created', targetType: 'package', targetId: created.id, reason, details: wanted })
      return created
    })
    return reply.code(201).send(view(made))
  })

  app.patch('/internal/v1/packages/:id', { schema: { params: idParams, body: changePackageBody, response: { 200: packageView } }, config: writing }, async (request) => {
    const { reason, ...change } = request.body
    return transact(ctx, async (tx) => {
      const changed = await changePackage(tx, request.params.id, change)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'package.changed', targetType: 'package', targetId: changed.id, reason, details: change })
      return view(changed)
    })
  })
}

type Row = Awaited<ReturnType<typeof listPackages>>[number]
function view(row: Row) {
  return { ...row, createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() }
}
