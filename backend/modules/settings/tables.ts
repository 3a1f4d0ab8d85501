import { bigint, jsonb, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const settings = pgTable('settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  updatedAt: time('updated_at').notNull().default(sql`app_now()`),
  updatedBy: uuid('updated_by'),
})

export const settingsHistory = pgTable('settings_history', {
  id: uuid('id').primaryKey(),
  key: text('key').notNull(),
  oldValue: jsonb('old_value').$type<unknown>(),
  newValue: jsonb('new_value').$type<unknown>(),
  reason: text('reason'),
  changedAt: time('changed_at').notNull().default(sql`app_now()`),
  changedBy: uuid('changed_by'),
})
