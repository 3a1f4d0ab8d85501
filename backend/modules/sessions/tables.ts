import { bigint, boolean, date, doublePrecision, integer, jsonb, numeric, pgTable, primaryKey, sql, text, timestamp, uuid } from '../../platform/drizzle.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const now = sql`app_now()`
const idr = (name: string) => bigint(name, { mode: 'number' })

export type SessionState = 'queued' | 'held' | 'ringing' | 'active' | 'paused' | 'ended' | 'cancelled' | 'expired' | 'unserved'
export type ActorKind = 'customer' | 'mitra' | 'staff' | 'system' | 'provider'

export const packages = pgTable('packages', {
  id: uuid('id').primaryKey(),
  minutes: integer('minutes').notNull(),
  priceIdr: idr('price_idr').notNull(),
  active: boolean('active').notNull().default(true),
  createdAt: time('created_at').notNull().default(now),
  updatedAt: time('updated_at').notNull().default(now),
})

export const sessions = pgTable('chat_sessions', {
  id: uuid('id').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  state: text('state').$type<SessionState>().notNull(),
  customerId: uuid('customer_id').notNull(),
  namedMitraId: uuid('named_mitra_id'),
  anyMitra: boolean('any_mitra').notNull().default(false),
  topic: text('topic'),
  language: text('language'),
  gender: text('gender').$type<'female' | 'male' | 'other'>(),
  useWallet: boolean('use_wallet').notNull().default(false),
  requestKey: text('request_key'),
  packageId: uuid('package_id').notNull(),
  minutes: integer('minutes').notNull(),
  priceIdr: idr('price_idr').notNull(),
  mitraSharePercent: integer('mitra_share_percent').notNull(),
  slotMitraId: uuid('slot_mitra_id'),
  mitraId: uuid('mitra_id'),
  conversationId: uuid('conversation_id'),
  queueNumber: bigint('queue_number', { mode: 'number' }),
  offersMade: integer('offers_made').notNull().default(0),
  dueAt: time('due_at'),
  queuedAt: time('queued_at').notNull().default(now),
  heldAt: time('held_at'),
  holdUntil: time('hold_until'),
  closingAt: time('closing_at'),
  closingReason: text('closing_reason').$type<ClosingReason>(),
  paidAt: time('paid_at'),
  ringUntil: time('ring_until'),
  acceptedAt: time('accepted_at'),
  clockStartedAt: time('clock_started_at'),
  endsAt: time('ends_at'),
  pausedAt: time('paused_at'),
  pauseUntil: time('pause_until'),
  pausedSeconds: numeric('paused_seconds', { precision: 12, scale: 3, mode: 'number' }).notNull().default(0),
  endedAt: time('ended_at'),
  endedBy: text('ended_by').$type<EndedBy>(),
  endReason: text('end_reason'),
  returnedIdr: idr('returned_idr'),
  updatedAt: time('updated_at').notNull().default(now),
})
export type Session = typeof sessions.$inferSelect
export type EndedBy = 'customer' | 'mitra' | 'staff' | 'system'
export type ClosingReason = 'deadline' | 'customer_cancelled' | 'mitra_unavailable' | 'staff_ended' | 'payment_expired'

export const purchases = pgTable('purchases', {
  id: uuid('id').primaryKey(),
  sessionId: uuid('session_id').notNull(),
  kind: text('kind').$type<'session' | 'extension'>().notNull(),
  position: integer('position').notNull(),
  packageId: uuid('package_id').notNull(),
  minutes: integer('minutes').notNull(),
  priceIdr: idr('price_idr').notNull(),
  state: text('state').$type<'waiting' | 'funding' | 'funded' | 'dropped' | 'returned' | 'settled'>().notNull(),
  promoIdr: idr('promo_idr').notNull().default(0),
  walletIdr: idr('wallet_idr').notNull().default(0),
  invoiceIdr: idr('invoice_idr').notNull().default(0),
  promoLots: jsonb('promo_lots').$type<{ lotId: string; amountIdr: number; expiresAt: string }[]>().notNull().default([]),
  returnedIdr: idr('returned_idr').notNull().default(0),
  createdAt: time('created_at').notNull().default(now),
  requestKey: text('request_key'),
  payUntil: time('pay_until'),
})
export type Purchase = typeof purchases.$inferSelect

export const offers = pgTable('offers', {
  id: uuid('id').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  sessionId: uuid('session_id').notNull(),
  mitraId: uuid('mitra_id').notNull(),
  state: text('state').$type<'ringing' | 'accepted' | 'declined' | 'expired' | 'withdrawn'>().notNull(),
  counted: boolean('counted').notNull().default(true),
  createdAt: time('created_at').notNull().default(now),
  expiresAt: time('expires_at').notNull(),
  endedAt: time('ended_at'),
})
export type Offer = typeof offers.$inferSelect

export const sessionEvents = pgTable('session_events', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  sessionId: uuid('session_id').notNull(),
  at: time('at').notNull().default(now),
  event: text('event').notNull(),
  fromState: text('from_state').$type<SessionState>(),
  toState: text('to_state').$type<SessionState>().notNull(),
  actorKind: text('actor_kind').$type<ActorKind>().notNull(),
  actorId: uuid('actor_id'),
  reason: text('reason'),
  details: jsonb('details').$type<Record<string, unknown>>().notNull().default({}),
})

export type SessionMark = 'extension' | 'refund' | 'case'
/** Which sessions have what staff look for; written by the database with the extension, refund or case itself. */
export const sessionMarks = pgTable('session_marks', {
  sessionId: uuid('session_id').notNull(),
  mark: text('mark').$type<SessionMark>().notNull(),
  queuedAt: time('queued_at').notNull(),
}, (table) => [primaryKey({ columns: [table.sessionId, table.mark] })])

export const tips = pgTable('tips', {
  id: uuid('id').primaryKey(),
  sessionId: uuid('session_id').notNull(),
  customerId: uuid('customer_id').notNull(),
  mitraId: uuid('mitra_id').notNull(),
  amountIdr: idr('amount_idr').notNull(),
  fromWallet: boolean('from_wallet').notNull(),
  state: text('state').$type<'waiting' | 'paid' | 'expired'>().notNull(),
  requestKey: text('request_key'),
  createdAt: time('created_at').notNull().default(now),
  paidAt: time('paid_at'),
})
export type Tip = typeof tips.$inferSelect

/** The mitra's share of what was paid by promotional credit: paid out from `heldUntil` on. */
export const earningHolds = pgTable('earning_holds', {
  sessionId: uuid('session_id').primaryKey(),
  mitraId: uuid('mitra_id').notNull(),
  amountIdr: idr('amount_idr').notNull(),
  heldUntil: time('held_until').notNull(),
  createdAt: time('created_at').notNull().default(now),
})

/** What was observed of people, for the waiting time: a distribution by its quantiles, or how often of how many. */
export const waitHabits = pgTable('wait_habits', {
  what: text('what').primaryKey(),
  samples: integer('samples').notNull(),
  exposure: doublePrecision('exposure').notNull(),
  quantiles: doublePrecision('quantiles').array(),
  measuredAt: time('measured_at').notNull().default(now),
})

/** Every waiting time that somebody in the queue was told, and what became of it. Null seconds: nobody was there to serve. */
export const waitEstimates = pgTable('wait_estimates', {
  sessionId: uuid('session_id').notNull(),
  toldAt: time('told_at').notNull(),
  position: integer('position').notNull(),
  p50Seconds: integer('p50_seconds'),
  p90Seconds: integer('p90_seconds'),
  outcome: text('outcome').$type<'found' | 'left' | 'expired'>(),
  verdict: text('verdict').$type<'within_p50' | 'within_p90' | 'late' | 'left_before' | 'left_between' | 'unknown'>(),
  waitedSeconds: doublePrecision('waited_seconds'),
}, (table) => [primaryKey({ columns: [table.sessionId, table.toldAt] })])

const day = () => date('day', { mode: 'string' }).notNull()
const count = (name: string) => integer(name).notNull()

/** Sums of days (see rollups.ts): by the hour in which sessions were asked for. */
export const sessionDays = pgTable('session_days', {
  day: day(), hour: count('hour'), asked: count('asked'), found: count('found'), paid: count('paid'), served: count('served'),
  ended: count('ended'), cancelled: count('cancelled'), expired: count('expired'), unserved: count('unserved'), servedMs: idr('served_ms').notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.hour] })])

export const sessionEndDays = pgTable('session_end_days', {
  day: day(), state: text('state').notNull(), reason: text('reason').notNull(), sessions: count('sessions'),
}, (table) => [primaryKey({ columns: [table.day, table.state, table.reason] })])

export const offerDays = pgTable('offer_days', {
  day: day(), state: text('state').notNull(), seconds: count('seconds'), offers: count('offers'), tookMs: idr('took_ms').notNull(),
}, (table) => [primaryKey({ columns: [table.day, table.state, table.seconds] })])
