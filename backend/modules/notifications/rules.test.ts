import fc from 'fast-check'
import t from 'tap'
import type { PushMessage, PushResult } from '../../platform/gateways.ts'
import { judgeFcmFailure, type FcmFailure } from './fcm-errors.ts'
import { fcmMessage } from './fcm-message.ts'
import { decidePush, retryDelaySeconds, TRIES_MAX } from './rules.ts'

const answered = (status: number, errorCode?: string, headers: Record<string, string> = {}): FcmFailure['httpResponse'] => ({
  status, headers,
  data: { error: { code: status, details: errorCode === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }] } },
})

const TABLE: { name: string; failure: FcmFailure; outcome: PushResult['outcome']; afterSeconds?: number | undefined }[] = [
  { name: 'an app that was removed', failure: { code: 'messaging/registration-token-not-registered', message: '', httpResponse: answered(404, 'UNREGISTERED') }, outcome: 'token_dead' },
  { name: 'a project that does not exist is no dead token', failure: { code: 'messaging/registration-token-not-registered', message: '', httpResponse: answered(404) }, outcome: 'rejected' },
  { name: 'no token at all', failure: { code: 'messaging/invalid-argument', message: 'The registration token is not a valid FCM registration token', httpResponse: answered(400, 'INVALID_ARGUMENT') }, outcome: 'token_dead' },
  { name: 'a bad payload is no dead token', failure: { code: 'messaging/invalid-argument', message: 'Invalid value', httpResponse: answered(400) }, outcome: 'rejected' },
  { name: 'a token of another project', failure: { code: 'messaging/mismatched-credential', message: 'SenderId mismatch', httpResponse: answered(403, 'SENDER_ID_MISMATCH') }, outcome: 'token_dead' },
  { name: 'a key of another project is no dead token', failure: { code: 'messaging/mismatched-credential', message: '', httpResponse: answered(403) }, outcome: 'rejected' },
  { name: 'the quota', failure: { code: 'messaging/message-rate-exceeded', message: '', httpResponse: answered(429, 'QUOTA_EXCEEDED', { 'retry-after': '9' }) }, outcome: 'retry', afterSeconds: 9 },
  { name: 'one device gets too much', failure: { code: 'messaging/device-message-rate-exceeded', message: '', httpResponse: answered(429) }, outcome: 'retry', afterSeconds: 60 },
  { name: 'FCM is unwell', failure: { code: 'messaging/server-unavailable', message: '', httpResponse: answered(503) }, outcome: 'retry', afterSeconds: undefined },
  { name: 'FCM fails', failure: { code: 'messaging/internal-error', message: '', httpResponse: answered(500) }, outcome: 'retry', afterSeconds: undefined },
  { name: 'a page of a proxy', failure: { code: 'messaging/unknown-error', message: '', httpResponse: { status: 502, headers: {}, data: '<html>' } }, outcome: 'retry', afterSeconds: undefined },
  { name: 'no connection', failure: { code: 'app/network-error', message: '' }, outcome: 'retry', afterSeconds: undefined },
  { name: 'no connection, over HTTP/2', failure: { code: 'messaging/unknown-error', message: 'The pending stream has been canceled (caused by: connect ECONNREFUSED)' }, outcome: 'retry', afterSeconds: undefined },
  { name: 'an unknown refusal', failure: { code: 'messaging/unknown-error', message: '', httpResponse: answered(418) }, outcome: 'rejected' },
  { name: 'no answer', failure: { code: 'app/network-timeout', message: '' }, outcome: 'retry', afterSeconds: undefined },
  { name: 'Apple refuses our certificate', failure: { code: 'messaging/third-party-auth-error', message: '', httpResponse: answered(401, 'THIRD_PARTY_AUTH_ERROR') }, outcome: 'rejected' },
  { name: 'a message that firebase-admin itself refuses', failure: { code: 'messaging/invalid-payload', message: '' }, outcome: 'rejected' },
]

t.test('every error of FCM has its action', async (t) => {
  for (const { name, failure, outcome, afterSeconds } of TABLE) {
    const verdict = judgeFcmFailure(failure)
    t.equal(verdict.outcome, outcome, name)
    if (verdict.outcome === 'retry') t.equal(verdict.afterSeconds, afterSeconds, `${name}: when`)
  }
  const inAMinute = new Date(Date.now() + 60_000).toUTCString()
  const dated = judgeFcmFailure({ code: 'messaging/server-unavailable', message: '', httpResponse: answered(503, undefined, { 'retry-after': inAMinute }) })
  t.ok(dated.outcome === 'retry' && dated.afterSeconds! > 30 && dated.afterSeconds! <= 60, 'Retry-After may be a date')
})

const result = fc.oneof(
  fc.constant<PushResult>({ outcome: 'accepted' }), fc.constant<PushResult>({ outcome: 'token_dead' }), fc.constant<PushResult>({ outcome: 'rejected', reason: 'bad' }),
  fc.option(fc.nat(300), { nil: undefined }).map((afterSeconds): PushResult => ({ outcome: 'retry', afterSeconds, reason: 'busy' })),
)

t.test('only devices that may still get a push are tried again, in its lifetime, at most five times', async (t) => {
  fc.assert(fc.property(fc.array(result, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.1, max: 4000, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (results, attempts, leftSeconds, random) => {
    const tokens = results.map((_, index) => `token-${index}`)
    const outcome = decidePush({ attempts, leftSeconds }, tokens, results, () => random)
    const waiting = tokens.filter((_, index) => results[index]!.outcome === 'retry')
    if (outcome.to === 'later') {
      t.same(outcome.tokens, waiting)
      if (attempts >= TRIES_MAX || outcome.delaySeconds >= leftSeconds) throw new Error('too late')
      for (const one of results) if (one.outcome === 'retry' && outcome.delaySeconds < (one.afterSeconds ?? 0)) throw new Error('earlier than asked for')
    } else if (waiting.length > 0 && attempts < TRIES_MAX && outcome.to !== 'dropped') throw new Error('given up')
    if (outcome.to === 'sent' && (waiting.length > 0 || !results.some((one) => one.outcome === 'accepted'))) throw new Error('not sent')
  }), { numRuns: 300 })
  t.equal(retryDelaySeconds(1, 0, () => 0), 1)
  t.equal(retryDelaySeconds(4, 0, () => 1), 16)
  t.equal(retryDelaySeconds(40, 0, () => 1), 300)
})

const message: PushMessage = { token: 'a-token', title: 'Permintaan baru', body: 'Seorang pelanggan menunggu.', data: { kind: 'offer', offerId: 'o-1' }, tag: 'offer:1', ttlSeconds: 45, highPriority: true }

t.test('a message is right for Android and Apple', async (t) => {
  t.same(fcmMessage(message, 1_000_000_999), {
    token: 'a-token',
    notification: { title: 'Permintaan baru', body: 'Seorang pelanggan menunggu.' },
    data: { kind: 'offer', offerId: 'o-1' },
    android: { priority: 'high', ttl: 45_000, collapseKey: 'offer:1', notification: { tag: 'offer:1', channelId: 'offers' } },
    apns: {
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': '1000045', 'apns-collapse-id': 'offer:1' },
      payload: { aps: { sound: 'default' } },
    },
  })
  const quiet = fcmMessage({ ...message, highPriority: false, data: { kind: 'payout' } }, 0)
  t.match(quiet, { android: { priority: 'normal', notification: { channelId: 'general' } }, apns: { headers: { 'apns-priority': '5' } } })
})

t.test('whatever the text and the tag, the message keeps to FCM’s and Apple’s limits, and a tag to its collapse id', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 4000 }), fc.string({ unit: 'grapheme', maxLength: 200 }), (text, tag) => {
    const made = fcmMessage({ ...message, title: text, body: text, tag }, 0)
    if (Buffer.byteLength(JSON.stringify({ notification: made.notification, data: made.data })) > 4096 && !/\p{Cc}/u.test(text)) throw new Error('too large')
    const id = made.apns!.headers!['apns-collapse-id']!
    if (Buffer.byteLength(id) > 64 || id !== fcmMessage({ ...message, tag }, 5).apns!.headers!['apns-collapse-id']) throw new Error('collapse id')
    if (!made.notification!.body!.isWellFormed() && text.isWellFormed()) throw new Error('half a character')
  }), { numRuns: 200 })
  t.equal(fcmMessage({ ...message, body: '😀'.repeat(1000) }, 0).notification!.body!.at(-1), '…')
})
