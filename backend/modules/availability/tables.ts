import { pgTable, sql, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const notifyRequests = pgTable('notify_requests', {
  id: uuid('id').primaryKey(),
  customerId: uuid('customer_id').notNull(),
  mitraId: uuid('mitra_id'),
  createdAt: time('created_at').notNull().default(sql`app_now()`),
  expiresAt: time('expires_at').notNull(),
  answeredAt: time('answered_at'),
})
export type NotifyRequest = typeof notifyRequests.$inferSelect
