import { and, eq, gt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { cancelScheduled, scheduleNotices } from '../notifications/index.ts'
import type { Pair } from './part-pair.ts'
import { sessions, type Session } from './tables.ts'

/** A decent hour everywhere, and outside of most quiet hours. */
const TIME = '10:00'
/** Ended as sessions do; who was parted by staff is not asked how it was. */
const ASKED_ABOUT = new Set(['time_up', 'customer_ended', 'mitra_ended', 'pause_limit'])

const keyOf = (sessionId: string) => `rating-reminder:${sessionId}`

/** The customer of a session that has ended is reminded to rate it, once, while it can be rated. */
export async function remindToRate(tx: Tx, ended: Session): Promise<void> {
  const inDays = tx.settings.get('ratingReminderDays')
  if (inDays === 0 || ended.state !== 'ended' || ended.mitraId === null || ended.endedAt === null || !ASKED_ABOUT.has(ended.endReason ?? '')) return
  await scheduleNotices(tx, [{
    notice: { userId: ended.customerId, template: 'rating.reminder', dedupeKey: keyOf(ended.id), data: { sessionId: ended.id } },
    when: { inDays, time: TIME }, expiresAt: new Date(ended.endedAt.getTime() + tx.settings.get('ratingWindowSeconds') * 1000),
  }])
}

/** It is rated. */
export async function forgetToRemind(tx: Tx, session: Pick<Session, 'id' | 'customerId'>): Promise<void> {
  await cancelScheduled(tx, session.customerId, [keyOf(session.id)])
}

/** These two want nothing more of each other: nobody is asked how it was with them. */
export async function remindNoMore(tx: Tx, { customerId, mitraId }: Pair): Promise<void> {
  const rows = await tx.sql.select({ id: sessions.id }).from(sessions).where(and(
    eq(sessions.customerId, customerId), eq(sessions.mitraId, mitraId), eq(sessions.state, 'ended'),
    gt(sessions.endedAt, sql`app_now() - make_interval(secs => ${tx.settings.get('ratingWindowSeconds')})`),
  ))
  await cancelScheduled(tx, customerId, rows.map(({ id }) => keyOf(id)))
}
