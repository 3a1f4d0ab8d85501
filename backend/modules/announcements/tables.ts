import { boolean, integer, jsonb, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'
import type { AnnouncementChannel, AnnouncementState, AnnouncementTexts, EndReason, Figures, Schedule, WaveState } from './contract.ts'
import type { Segment } from '../identity/contract.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const announcements = pgTable('announcements', {
  id: uuid('id').primaryKey(),
  state: text('state').$type<AnnouncementState>().notNull().default('draft'),
  texts: jsonb('texts').$type<AnnouncementTexts>().notNull(),
  link: text('link'),
  segment: jsonb('segment').$type<Segment>().notNull(),
  channels: jsonb('channels').$type<AnnouncementChannel[]>().notNull(),
  priority: text('priority').$type<'low' | 'normal'>().notNull(),
  schedule: jsonb('schedule').$type<Schedule>().notNull(),
  perMinute: integer('per_minute'),
  expiresAt: time('expires_at'),
  counted: integer('counted'),
  reached: integer('reached').notNull().default(0),
  figures: jsonb('figures').$type<Figures>(),
  figuresAt: time('figures_at'),
  version: integer('version').notNull().default(1),
  createdBy: uuid('created_by').notNull(),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
  scheduledAt: time('scheduled_at'),
  startedAt: time('started_at'),
  nextAt: time('next_at'),
  endedAt: time('ended_at'),
  endReason: text('end_reason').$type<EndReason>(),
  dropsPushes: boolean('drops_pushes').notNull().default(false),
})
export type Announcement = typeof announcements.$inferSelect

export const announcementWaves = pgTable('announcement_waves', {
  announcementId: uuid('announcement_id').notNull().references(() => announcements.id),
  place: integer('place').notNull(),
  timeZone: text('time_zone'),
  isLast: boolean('is_last').notNull().default(false),
  dueAt: time('due_at').notNull(),
  cursorUserId: uuid('cursor_user_id'),
  reached: integer('reached').notNull().default(0),
  state: text('state').$type<WaveState>().notNull().default('waiting'),
  beganAt: time('began_at'),
  doneAt: time('done_at'),
}, (table) => [primaryKey({ columns: [table.announcementId, table.place] })])
export type Wave = typeof announcementWaves.$inferSelect
