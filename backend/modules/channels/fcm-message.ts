import { createHash } from 'node:crypto'
import type { TokenMessage } from 'firebase-admin/messaging'
import type { PushMessage } from '../../platform/gateways.ts'
import { KINDS, type Kind } from './kinds.ts'

/** FCM refuses what is larger than 4,096 bytes, data and notification together, and Apple with its own part: room is left for both. */
const MOST_BYTES = 3800
const TITLE_BYTES = 256
const BODY_BYTES = 1024
const COLLAPSE_ID_BYTES = 64
/** FCM keeps nothing longer. */
const TTL_MOST_SECONDS = 28 * 86_400
/** On Android the channel makes the sound, whatever a message says: what nobody is to hear has a silent one of its own. */
export const QUIET_CHANNEL = 'quiet'
const OTHER_CHANNEL = 'general'

type Web = NonNullable<NonNullable<TokenMessage['webpush']>['notification']>
type Aps = NonNullable<NonNullable<TokenMessage['apns']>['payload']>['aps']

/** What FCM would refuse whatever its text; the reason is for the push's row. */
export class UnfitMessage extends Error {
  readonly reason: 'data_not_allowed' | 'payload_too_large'

  constructor(reason: UnfitMessage['reason']) {
    super(reason)
    this.reason = reason
  }
}

/**
 * One message of FCM v1: shown without the app's code (notification), opened by its ids (data). Text is clipped until all
 * of it fits. Throws `UnfitMessage` for what can't be sent all the same.
 */
export function fcmMessage(message: PushMessage, nowMs: number): TokenMessage {
  if (Object.entries(message.data).some(([key, value]) => isReserved(key) || typeof value !== 'string')) throw new UnfitMessage('data_not_allowed')
  const data = Object.fromEntries(Object.entries(message.data).map(([key, value]) => [key, value.toWellFormed()]))
  const aps = apsOf(message)
  const bytesOf = (notification: { title: string; body: string }) => Buffer.byteLength(JSON.stringify({ notification, data, aps }))
  const notification = fit(message, bytesOf)
  if (!notification) throw new UnfitMessage('payload_too_large')
  const ttlSeconds = Math.min(Math.max(0, message.ttlSeconds), TTL_MOST_SECONDS)
  const isPressing = !message.quiet && (message.priority === 'urgent' || message.priority === 'high')
  return {
    token: message.token, notification, data,
    android: {
      // Android demotes who sends in haste what it then does not show aloud.
      priority: isPressing ? 'high' : 'normal',
      ttl: ttlSeconds * 1000,
      collapseKey: message.tag,
      notification: {
        tag: message.tag,
        ...(message.quiet ? { channelId: QUIET_CHANNEL, priority: 'low' } : { channelId: channelOf(message.data['kind']), sound: 'default' }),
      },
    },
    apns: {
      headers: {
        'apns-push-type': 'alert',
        'apns-priority': isPressing ? '10' : '5',
        'apns-expiration': String(Math.floor(nowMs / 1000) + ttlSeconds),
        'apns-collapse-id': collapseId(message.tag),
      },
      payload: { aps },
    },
    // Unless it is told, FCM keeps what is for a browser for four weeks.
    webpush: { headers: { TTL: String(ttlSeconds), Urgency: isPressing ? 'high' : 'normal' }, notification: webOf(message) },
  }
}

// In a browser what replaces makes a sound again only where that is asked for.
function webOf({ tag, quiet }: PushMessage): Web {
  return { tag, ...(quiet ? { silent: true } : { renotify: true }) }
}

function apsOf(message: PushMessage): Aps {
  return {
    ...(message.quiet ? {} : { sound: 'default' }),
    // What belongs together stands together: a conversation, a session, else the kind.
    threadId: collapseId(message.data['conversationId'] ?? message.data['sessionId'] ?? message.data['kind'] ?? message.tag),
    'interruption-level': message.quiet ? 'passive' : message.priority === 'urgent' ? 'time-sensitive' : 'active',
  }
}

function fit(message: Pick<PushMessage, 'title' | 'body'>, bytesOf: (notification: { title: string; body: string }) => number): { title: string; body: string } | undefined {
  const words = { title: message.title.toWellFormed(), body: message.body.toWellFormed() }
  // A character may take six bytes where it stands among JSON: what is measured is the whole.
  for (let share = 1; share > 0.05; share /= 2) {
    const notification = { title: clip(words.title, Math.floor(TITLE_BYTES * Math.min(1, share * 2))), body: clip(words.body, Math.floor(BODY_BYTES * share)) }
    if (bytesOf(notification) <= MOST_BYTES) return notification
  }
  return undefined
}

function channelOf(kind: string | undefined): string {
  return kind !== undefined && Object.hasOwn(KINDS, kind) ? KINDS[kind as Kind].androidChannel : OTHER_CHANNEL
}

/** Words that FCM and Firebase keep for themselves. */
function isReserved(key: string): boolean {
  return key === '' || key === 'from' || key === 'notification' || key === 'message_type' || /^(google|gcm)/.test(key)
}

/** The tag itself where Apple takes it, else its hash: the same on every try. */
function collapseId(tag: string): string {
  return Buffer.byteLength(tag) <= COLLAPSE_ID_BYTES ? tag : createHash('sha256').update(tag).digest('base64url')
}

/** At most `bytes` of UTF-8, never half a character. */
function clip(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const ellipsis = '…'
  let kept = ''
  let left = bytes - Buffer.byteLength(ellipsis)
  for (const { segment } of new Intl.Segmenter('id').segment(text)) {
    left -= Buffer.byteLength(segment)
    if (left < 0) break
    kept += segment
  }
  return kept.trimEnd() + ellipsis
}
