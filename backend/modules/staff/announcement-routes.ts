import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { FastifyRequest } from 'fastify'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import {
  cancelAnnouncement, createAnnouncement, dryRun, editAnnouncement, findAnnouncement, findAnnouncements, pauseAnnouncement, resumeAnnouncement, sendTest, startAnnouncement,
  type Announcement, type Wave,
} from '../announcements/index.ts'
import { appendAudit } from '../audit/index.ts'
import {
  announcementList, announcementRecord, announcementReply, announcementsQuery, changeAnnouncementBody, createAnnouncementBody, dryRunBody, dryRunReply, startAnnouncementBody,
  steerAnnouncementBody, testAnnouncementBody, testReply,
} from './announcement-contract.ts'
import { auditOf, byOf } from './by.ts'
import { idParams } from './contract.ts'
import { namesOf } from './find-names.ts'
import { pageOf } from './pages.ts'

const config = { access: { staff: 'announcements.send' }, limit: 'standard' } as const
const STEERING = { pause: { steer: pauseAnnouncement, act: 'announcement.paused' }, resume: { steer: resumeAnnouncement, act: 'announcement.resumed' }, cancel: { steer: cancelAnnouncement, act: 'announcement.cancelled' } } as const

/** What staff tell many people at once. */
export const announcementStaffRoutes = (ctx: Ctx): FastifyPluginAsyncZod => async (app) => {
  app.get('/internal/v1/announcements', { schema: { querystring: announcementsQuery, response: { 200: announcementList } }, config }, async (request) => {
    const { limit, cursor, state } = request.query
    const rows = await findAnnouncements(ctx.sql, { limit, cursor, ...(state ? { states: [state] } : {}) })
    return { ...pageOf(rows, limit, view), names: await namesOf(ctx.sql, request.staff.role, rows.map((row) => row.createdBy)) }
  })

  app.get('/internal/v1/announcements/:id', { schema: { params: idParams, response: { 200: announcementRecord } }, config }, async (request) => {
    const { announcement, waves } = await findAnnouncement(ctx.sql, request.params.id)
    return {
      announcement: view(announcement), waves: waves.map(viewWave), figures: announcement.figures, figuresAt: announcement.figuresAt?.toISOString() ?? null,
      waitsForPushes: announcement.channels.includes('push') && ctx.settings.get('pushesClosed'),
      names: await namesOf(ctx.sql, request.staff.role, [announcement.createdBy]),
    }
  })

  app.post('/internal/v1/announcements', { schema: { body: createAnnouncementBody, response: { 201: announcementReply } }, config }, async (request, reply) => {
    const { reason, ...wanted } = request.body
    const made = await transact(ctx, (tx) => audited(tx, request, 'announcement.created', reason, createAnnouncement(tx, { ...wanted, createdBy: request.staff.id })))
    return reply.code(201).send({ announcement: view(made) })
  })

  app.patch('/internal/v1/announcements/:id', { schema: { params: idParams, body: changeAnnouncementBody, response: { 200: announcementReply } }, config }, async (request) => {
    const { reason, version, ...change } = request.body
    return { announcement: view(await transact(ctx, (tx) => audited(tx, request, 'announcement.changed', reason, editAnnouncement(tx, { id: request.params.id, version }, change)))) }
  })

  app.post('/internal/v1/announcements/dry-run', { schema: { body: dryRunBody, response: { 200: dryRunReply } }, config }, (request) => dryRun(ctx.sql, request.body))

  app.post('/internal/v1/announcements/:id/start', { schema: { params: idParams, body: startAnnouncementBody, response: { 200: announcementReply } }, config }, async (request) => {
    const { reason, version, expected } = request.body
    const id = request.params.id
    return { announcement: view(await transact(ctx, (tx) => audited(tx, request, 'announcement.started', reason, startAnnouncement(tx, { id, version, expected })))) }
  })

  for (const [verb, { steer, act }] of Object.entries(STEERING)) {
    app.post(`/internal/v1/announcements/:id/${verb}`, { schema: { params: idParams, body: steerAnnouncementBody, response: { 200: announcementReply } }, config }, async (request) => {
      const { reason, version } = request.body
      return { announcement: view(await transact(ctx, (tx) => audited(tx, request, act, reason, steer(tx, { id: request.params.id, version })))) }
    })
  }

  app.post('/internal/v1/announcements/:id/test', { schema: { params: idParams, body: testAnnouncementBody, response: { 200: testReply } }, config }, async (request) => {
    const { userIds, reason } = request.body
    await transact(ctx, async (tx) => {
      // With its words: a draft may get others after people were given these.
      const tested = await sendTest(tx, request.params.id, userIds)
      await appendAudit(tx, { ...auditOf(byOf(request)), act: 'announcement.tested', targetType: 'announcement', targetId: tested.id, reason, details: { userIds, version: tested.version, texts: tested.texts } })
    })
    return { sent: new Set(userIds).size }
  })
}

/** Does it and writes it down, in one transaction. Its words are not repeated there: the announcement keeps those that it was started with. */
async function audited(tx: Tx, request: FastifyRequest, act: string, reason: string | undefined, doing: Promise<Announcement>): Promise<Announcement> {
  const row = await doing
  const details = { version: row.version, segment: row.segment, schedule: row.schedule, channels: row.channels, perMinute: row.perMinute, counted: row.counted, reached: row.reached }
  await appendAudit(tx, { ...auditOf(byOf(request)), act, targetType: 'announcement', targetId: row.id, reason, details })
  return row
}

function view(row: Announcement) {
  const { figures: _figures, figuresAt: _at, nextAt: _next, dropsPushes: _drops, ...shown } = row
  return {
    ...shown, expiresAt: text(row.expiresAt), createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString(),
    scheduledAt: text(row.scheduledAt), startedAt: text(row.startedAt), endedAt: text(row.endedAt),
  }
}

function viewWave({ announcementId: _of, cursorUserId: _cursor, ...wave }: Wave) {
  return { ...wave, dueAt: wave.dueAt.toISOString(), beganAt: text(wave.beganAt), doneAt: text(wave.doneAt) }
}

const text = (time: Date | null): string | null => time?.toISOString() ?? null
