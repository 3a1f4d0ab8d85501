import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { readTranscriptPage } from '../chat/index.ts'
import { findPeople, maskName } from '../identity/index.ts'
import { findSides } from '../sessions/index.ts'
import { auditOf, byOf, type By } from './by.ts'
import { idParams, reasonBody } from './contract.ts'
import { seesMasked } from './roles.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const person = z.object({ id, displayName: z.string().nullable() })
const query = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(50), cursor: z.coerce.number().int().min(0).default(0) })
/** `body` is null where it was deleted or erased, and in messages of the system (`senderId` null). */
const reply = z.object({
  sessionId: id, customer: person, mitra: person,
  items: z.array(z.object({ seq: z.number().int(), senderId: id.nullable(), body: z.string().nullable(), sentAt: time })), nextCursor: z.string().nullable(),
})

/** What two people wrote, page by page: for a reason, which is written down before anything is shown. */
export const transcriptStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.post('/internal/v1/conversations/:id/transcript', {
    schema: { params: idParams, querystring: query, body: reasonBody, response: { 200: reply } }, config: { access: { staff: 'transcripts.read' }, limit: 'standard', idempotency: 'off' },
  }, (request) => showTranscript(ctx, byOf(request), { conversationId: request.params.id, reason: request.body.reason, ...request.query }))
}

type Wish = { conversationId: string; reason: string; limit: number; cursor: number }

async function showTranscript(ctx: Ctx, by: By, { conversationId, reason, limit, cursor }: Wish): Promise<z.output<typeof reply>> {
  return transact(ctx, async (tx) => {
    const sides = (await findSides(tx.sql, [conversationId])).get(conversationId)
    if (!sides) throw new AppError('not_found', 'no such conversation')
    await appendAudit(tx, { ...auditOf(by), act: 'transcript.read', targetType: 'conversation', targetId: conversationId, reason, details: { afterSeq: cursor, limit } })
    const people = await findPeople(tx.sql, [sides.customerId, sides.mitraId])
    const shown = (personId: string) => {
      const name = people.get(personId)?.displayName ?? null
      return { id: personId, displayName: name !== null && seesMasked(by.role) ? maskName(name) : name }
    }
    const { lines, next } = await readTranscriptPage(tx.sql, conversationId, { afterSeq: cursor, limit })
    return {
      sessionId: sides.sessionId, customer: shown(sides.customerId), mitra: shown(sides.mitraId),
      items: lines.map((line) => ({ ...line, sentAt: line.sentAt.toISOString() })), nextCursor: next === undefined ? null : String(next),
    }
  })
}
