import { bigint, boolean, customType, jsonb, pgTable, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

export type AuditActorKind = 'staff' | 'system' | 'operator' | 'customer' | 'mitra'

export const auditLog = pgTable('audit_log', {
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  id: uuid('id').notNull().unique(),
  at: timestamp('at', { withTimezone: true, mode: 'date' }).notNull(),
  actorKind: text('actor_kind').$type<AuditActorKind>().notNull(),
  actorId: uuid('actor_id'),
  act: text('act').notNull(),
  targetType: text('target_type'),
  targetId: text('target_id'),
  reason: text('reason'),
  details: jsonb('details').$type<Record<string, unknown>>().notNull().default({}),
  requestId: text('request_id'),
  ip: text('ip'),
  prevHash: bytes('prev_hash').notNull(),
  hash: bytes('hash').notNull(),
})
export type AuditRow = typeof auditLog.$inferSelect

export const auditHead = pgTable('audit_head', {
  onlyRow: boolean('only_row').primaryKey().default(sql`true`),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  hash: bytes('hash').notNull(),
})
