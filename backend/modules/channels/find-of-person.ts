import { and, desc, eq, lt } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { letters, pushes } from './tables.ts'

/** What went, or is to go, to a person's devices. `state`: queued, sent (accepted by the provider), failed, dropped. */
export type SentOut = {
  id: string; channel: 'push' | 'email' | 'sms'; kind: string; template: string | null; state: string; reason: string | null; title: string; body: string
  createdAt: Date; calledAt: Date | null; acceptedAt: Date | null; deliveredAt: Date | null; openedAt: Date | null
}

type Page = { before?: string | undefined; limit: number }

/** The newest first; what was settled is kept for a month. */
export async function findSentOut(handle: Queryable, userId: string, page: Page): Promise<SentOut[]> {
  const [pushed, written] = await Promise.all([findPushes(handle, userId, page), findLetters(handle, userId, page)])
  return [...pushed, ...written].toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, page.limit)
}

/** Of an SMS the words are its `body`; a code stands in no letter that is kept. Nobody tells whether a letter was opened. */
async function findLetters(handle: Queryable, userId: string, page: Page): Promise<SentOut[]> {
  const rows = await handle.select().from(letters)
    .where(and(eq(letters.userId, userId), page.before === undefined ? undefined : lt(letters.id, page.before))).orderBy(desc(letters.id)).limit(page.limit)
  return rows.map((row) => ({
    id: row.id, channel: row.channel, kind: row.kind, template: row.template, state: row.state, reason: row.reason, title: row.subject ?? row.template, body: row.text, createdAt: row.createdAt,
    calledAt: row.sentAt, acceptedAt: row.state === 'sent' ? row.settledAt : null, deliveredAt: null, openedAt: null,
  }))
}

async function findPushes(handle: Queryable, userId: string, page: Page): Promise<SentOut[]> {
  const rows = await handle.select().from(pushes)
    .where(and(eq(pushes.userId, userId), page.before === undefined ? undefined : lt(pushes.id, page.before))).orderBy(desc(pushes.id)).limit(page.limit)
  return rows.map((row) => ({
    id: row.id, channel: 'push', kind: row.kind, template: row.template, state: row.state, reason: row.reason, title: row.title, body: row.body, createdAt: row.createdAt,
    calledAt: row.sentAt, acceptedAt: row.state === 'sent' ? row.acceptedAt ?? row.settledAt : null, deliveredAt: row.deliveredAt, openedAt: row.openedAt,
  }))
}
