/**
 * What `GET /internal/v1/live` sends: JSON, `type` first. Times are RFC 3339 UTC; whatever ticks is told as a moment, and
 * ticks in the page by `serverTime`.
 */

/** What an open page reads again: the names by which pages call what their reads are about. */
export const LIVE_TOPICS = [
  'alerts', 'announcements', 'appeals', 'approvals', 'audit', 'cases', 'closings', 'customers', 'holds', 'inbox', 'jobs', 'ledger', 'lexicon', 'mitras', 'packages', 'payments', 'payouts',
  'privacy', 'promo-codes', 'ratings', 'reconciliations', 'refunds', 'sanctions', 'sessions', 'settings', 'staff', 'suspense', 'system', 'templates',
] as const
export type LiveTopic = (typeof LIVE_TOPICS)[number]

export type LiveFrame =
  /** The whole board: at first, and whenever it has changed, at most once a second. */
  | { type: 'board'; serverTime: string; board: Board }
  /** Read again what begins with `what`; `id` where it was one. */
  | { type: 'changed'; what: LiveTopic; id?: string }
  /** Nothing has changed: said after ten seconds of silence, so that a page knows that it would hear. */
  | { type: 'alive'; serverTime: string }
  /** The board can't be made (Postgres is away): what was sent last grows old. */
  | { type: 'away'; serverTime: string }

export type Named = { id: string; displayName: string | null }
export type Wait = { p50: number; p90: number } | null

export type BoardMitra = Named & {
  /** `paused`: a session of theirs waits for them to come back; `unseen`: wants to be online and makes no sound. */
  state: 'free' | 'busy' | 'paused' | 'unseen' | 'break'
  capacity: number
  used: number
  idleSince: string | null
  breakUntil: string | null
}
export type BoardWaiting = { id: string; position: number; customer: Named; namedMitra: Named | null; topic: string | null; minutes: number; queuedAt: string; waitSeconds: Wait }
export type BoardSession = {
  id: string; state: 'active' | 'paused'; customer: Named; mitra: Named | null; topic: string | null; minutes: number
  startedAt: string | null; endsAt: string | null; pausedAt: string | null; pauseUntil: string | null
}
export type BoardOffer = { id: string; sessionId: string; customer: Named; mitra: Named; createdAt: string; expiresAt: string }
export type BoardAlert = { id: string; kind: string; sessionId: string | null; subject: Named; openedAt: string; acknowledgeBy: string | null; escalations: number }
export type BoardReplica = { id: string; host: string; pid: number; version: string; settingsVersion: number; startedAt: string; isAlive: boolean }
export type QueueDepth = { name: string; waiting: number; active: number; delayed: number; failed: number }

export type BoardHealth = {
  replicas: BoardReplica[]
  postgres: 'up'
  valkey: 'up' | 'down'
  /** Null while Valkey is away. */
  queues: QueueDepth[] | null
  outbox: { waiting: number; parked: number; oldestDueAt: string | null }
  inbox: { waiting: number; parked: number }
  /** Mitras that differ between the mirror in Valkey and Postgres, and go on differing. */
  mirrorDrift: number
  /** Null: the checker has not run yet. */
  ledger: { checkedAt: string; driftIdr: number; problems: number } | null
}

/** Lists hold the first 200, the totals count all. What a role may not see is not there. */
export type Board = {
  mitras: { online: number; free: number; busy: number; paused: number; unseen: number; onBreak: number; items: BoardMitra[] }
  /** `waitSeconds`: of somebody who would join now. */
  queue: { total: number; held: number; waitSeconds: Wait; items: BoardWaiting[] }
  offers: { total: number; items: BoardOffer[] }
  sessions: { active: number; paused: number; ringing: number; items: BoardSession[] }
  health: BoardHealth
  /** For who may `ledger.read`. */
  revenue?: { day: string; revenueIdr: number; earnedIdr: number; receivedIdr: number }
  /** For who may `safety.act`. */
  alerts?: { total: number; items: BoardAlert[] }
}
