import { createHash } from 'node:crypto'
import type { TokenMessage } from 'firebase-admin/messaging'
import type { PushMessage } from '../../platform/gateways.ts'

/** FCM refuses what is larger than 4,096 bytes, data and notification together: the rest is left for the ids. */
const TITLE_BYTES = 256
const BODY_BYTES = 1024
const COLLAPSE_ID_BYTES = 64

/** Channels that client_app and mitra_app create; the person can silence each. */
const CHANNELS: Record<string, string> = { offer: 'offers', message: 'messages', session: 'sessions' }
const OTHER_CHANNEL = 'general'

/** One message of FCM v1: shown without the app's code (notification), opened by its ids (data). */
export function fcmMessage(message: PushMessage, nowMs: number): TokenMessage {
  return {
    token: message.token,
    notification: { title: clip(message.title, TITLE_BYTES), body: clip(message.body, BODY_BYTES) },
    data: message.data,
    android: {
      priority: message.highPriority ? 'high' : 'normal',
      ttl: message.ttlSeconds * 1000,
      collapseKey: message.tag,
      notification: { tag: message.tag, channelId: CHANNELS[message.data['kind'] ?? ''] ?? OTHER_CHANNEL },
    },
    apns: {
      headers: {
        'apns-push-type': 'alert',
        'apns-priority': message.highPriority ? '10' : '5',
        'apns-expiration': String(Math.floor(nowMs / 1000) + message.ttlSeconds),
        'apns-collapse-id': collapseId(message.tag),
      },
      payload: { aps: { sound: 'default' } },
    },
  }
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
