import { announcementPushHook } from './modules/announcements/index.ts'
import { findReach, keepQuiet, takeBackPushes, type DuePush, type PushHook, type PushHooks, type PushVerdict } from './modules/channels/index.ts'
import { findUnseen, type Unseen } from './modules/chat/index.ts'
import { findPeople, languageOf } from './modules/identity/index.ts'
import { clip, countFaults, findReadNotices, renderInForce } from './modules/notifications/index.ts'
import { findOfferStates } from './modules/sessions/index.ts'

/** Clipped again for the whole: more than this nobody reads on a locked screen. */
const TEXT_MOST = 300
/** Where a ring's call has not ended, what takes its place waits: the later one stays. A ring whose worker died is let go after its lease; what waits for it is no claim that came to nothing. */
const AFTER_RING_SECONDS = 2

/** What was read in the inbox meanwhile needs no push any more. */
const readInInbox: PushHook = async (ctx, pushes) => {
  const read = await findReadNotices(ctx.sql, pushes)
  return new Map(pushes.filter((push) => read.has(keyOf(push))).map((push) => [push.id, { drop: 'already_read' }]))
}

/** A message that was received or read meanwhile is not told of; else how many there are, or their words for who wants them. Those are read now and stored nowhere. */
const message: PushHook = async (ctx, pushes) => {
  const about = pushes.flatMap((push) => (push.data['conversationId'] === undefined ? [] : [{ push, userId: push.userId, conversationId: push.data['conversationId'] }]))
  const unseen = new Map((await findUnseen(ctx.sql, about)).map((one) => [`${one.userId} ${one.conversationId}`, one]))
  const senders = new Set([...unseen.values()].flatMap(({ last }) => (last ? [last.senderId] : [])))
  const [reaches, people] = await Promise.all([findReach(ctx.sql, [...new Set(about.map(({ userId }) => userId))]), findPeople(ctx.sql, [...senders])])
  return new Map(about.flatMap(({ push, userId, conversationId }): [string, PushVerdict][] => {
    const [found, reach] = [unseen.get(`${userId} ${conversationId}`), reaches.get(userId)]
    if (!found || !reach) return []
    const late = lateFor(push, found)
    if (late !== undefined) return [[push.id, { drop: late }]]
    const language = languageOf(reach.language)
    const last = reach.messageText ? found.last : undefined
    const name = last && people.get(last.senderId)?.displayName
    const { push: words, faults } = last && name
      ? renderInForce(ctx, 'message.new.text', language, { count: found.count, name, text: clip(last.body, TEXT_MOST) }, reach.timeZone)
      : renderInForce(ctx, 'message.new', language, { count: found.count }, reach.timeZone)
    countFaults(ctx, faults)
    return [[push.id, { ...words, data: { count: String(found.count) } }]]
  }))
}

function lateFor(push: DuePush, found: Unseen): string | undefined {
  const seq = Number(push.dedupeKey.split(':').at(-1))
  if (found.readSeq >= seq) return 'already_read'
  if (found.deliveredSeq >= seq) return 'already_delivered'
  return found.count === 0 ? 'withdrawn' : undefined
}

/** A ring leaves only while the offer rings; what takes its place leaves only where the ring has left. */
const offer: PushHook = async (ctx, pushes) => {
  const about = pushes.flatMap((push) => (push.data['offerId'] === undefined ? [] : [{ push, offerId: push.data['offerId'] }]))
  const ends = about.filter(({ push }) => push.data['template'] === 'offer.withdrawn')
  const [states, rings] = await Promise.all([
    findOfferStates(ctx.sql, [...new Set(about.map(({ offerId }) => offerId))]),
    takeBackPushes(ctx, ends.map(({ push, offerId }) => ({ userId: push.userId, dedupeKey: `offer:${offerId}` }))),
  ])
  return new Map(about.flatMap(({ push, offerId }): [string, PushVerdict][] => {
    const found = states.get(offerId)
    if (!found) return []
    if (push.data['template'] !== 'offer.withdrawn') {
      if (found.state !== 'ringing') return [[push.id, { drop: 'withdrawn' }]]
      return found.isOver ? [[push.id, { drop: 'expired' }]] : []
    }
    const ring = rings.get(`${push.userId} offer:${offerId}`)
    if (ring === 'under_way') return [[push.id, { holdSeconds: AFTER_RING_SECONDS, reason: 'ring_under_way' }]]
    // Rung again for the same session, the new ring has taken its place already.
    return [[push.id, ring === 'left' && !found.isFollowed ? { quiet: true, data: { outcome: found.state } } : { drop: 'withdrawn' }]]
  }))
}

const keyOf = (push: Pick<DuePush, 'userId' | 'dedupeKey'>) => `${push.userId} ${push.dedupeKey}`

/** What is asked right before pushes leave, once a batch. */
export const pushHooks: PushHooks = { all: [readInInbox, keepQuiet], byKind: { message, offer, system_announcement: announcementPushHook } }
