/** What staff may do; one name for each row of the role × act table. */
export const STAFF_ACTS = [
  'staff.manage', 'settings.read', 'settings.write', 'lexicon.write', 'board.read', 'mitras.approve', 'mitras.deactivate', 'sessions.end',
  'safety.act', 'transcripts.read', 'credits.give', 'refunds.request', 'refunds.decide', 'payouts.read', 'payouts.decide',
  'parked.read', 'parked.replay', 'ledger.read', 'persons.erase', 'announcements.send', 'audit.read', 'audit.read.own', 'self',
] as const
export type StaffAct = (typeof STAFF_ACTS)[number]
export type StaffRole = 'super_admin' | 'admin' | 'finance' | 'moderator' | 'viewer'

/** Who may call a route. Every route declares one in its `config`, or the process does not boot. */
export type Access = 'public' | 'signed-in' | 'customer' | 'mitra' | { staff: StaffAct }

export type UserActor = { kind: 'customer' | 'mitra'; id: string; signInId: string }
export type StaffActor = { kind: 'staff'; id: string; role: StaffRole; sessionId: string }

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    limit?: LimitName
    /** POST that must carry an Idempotency-Key (honoured on every other POST all the same). */
    idempotency?: 'required' | 'off'
    /** Answers during maintenance and to outdated apps (health, webhooks, app-config). */
    alwaysOpen?: boolean
  }
  interface FastifyRequest {
    /** Set by the auth hook on routes for customers and mitras. */
    user: UserActor
    /** Set by the auth hook on staff routes. */
    staff: StaffActor
  }
}

/** The catalogue of request limits: who is counted, and what happens while Valkey is away. */
export const LIMITS = {
  /** Anonymous callers by IP; signed-in callers by their own budget. Valkey away: each replica counts alone. */
  standard: { by: 'ip-or-user' },
  /** The beacon has a budget of its own by IP. Valkey away: each replica counts alone. */
  beacon: { by: 'ip' },
  /** Opening a socket: by IP, generous (a carrier puts thousands behind one), by each replica alone: a herd waits for nobody. */
  sockets: { by: 'ip-here' },
  /** Health, webhooks, return pages and the one click that stops e-mail: outside every budget. */
  none: { by: 'nobody' },
} as const
export type LimitName = keyof typeof LIMITS
