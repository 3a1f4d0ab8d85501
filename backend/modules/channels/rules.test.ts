import fc from 'fast-check'
import t from 'tap'
import type { PushMessage, PushResult } from '../../platform/gateways.ts'
import { judgeFcmFailure, type FcmFailure } from './fcm-errors.ts'
import { fcmMessage, UnfitMessage } from './fcm-message.ts'
import { KINDS, PRIORITIES } from './kinds.ts'
import { callSize, decidePush, planCalls, retryDelaySeconds, TRIES_MAX } from './rules.ts'

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

t.test('only devices that may still get a push are tried again, in its lifetime, at most three times; what a device has is sent', async (t) => {
  fc.assert(fc.property(fc.array(result, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: TRIES_MAX }), fc.boolean(), fc.double({ min: 0.1, max: 4000, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (results, tries, wasAccepted, leftSeconds, random) => {
    const tokens = results.map((_, index) => `token-${index}`)
    const outcome = decidePush({ tries, wasAccepted, leftSeconds }, tokens, results, () => random)
    const waiting = tokens.filter((_, index) => results[index]!.outcome === 'retry')
    const isAccepted = wasAccepted || results.some((one) => one.outcome === 'accepted')
    if (outcome.to === 'later') {
      if (outcome.isAccepted !== isAccepted) throw new Error('forgets who has it')
      t.same(outcome.tokens, waiting)
      if (tries >= TRIES_MAX || outcome.delaySeconds >= leftSeconds) throw new Error('too late')
      for (const one of results) if (one.outcome === 'retry' && outcome.delaySeconds < (one.afterSeconds ?? 0)) throw new Error('earlier than asked for')
    } else if ((outcome.to === 'sent') !== isAccepted) throw new Error('not what it came to')
    else if (waiting.length > 0 && tries < TRIES_MAX && retryDelaySeconds(tries, Math.max(...results.map((one) => (one.outcome === 'retry' ? one.afterSeconds ?? 0 : 0))), () => random) < leftSeconds) throw new Error('given up')
  }), { numRuns: 300 })
  t.equal(retryDelaySeconds(1, 0, () => 0), 1)
  t.equal(retryDelaySeconds(4, 0, () => 1), 16)
  t.equal(retryDelaySeconds(40, 0, () => 1), 300)
})

t.test('a call that failed as a whole is tried again in small ones, then alone; nobody is left out', async (t) => {
  const push = fc.record({
    tries: fc.integer({ min: 0, max: 2 }), reason: fc.constantFrom(undefined, 'app/deadline', 'app/network-error', 'internal-error', 'message-rate-exceeded'),
    tokens: fc.array(fc.string(), { minLength: 1, maxLength: 10 }),
  })
  fc.assert(fc.property(fc.array(push, { maxLength: 700 }), (pushes) => {
    const calls = planCalls(pushes)
    if (new Set(calls.flat()).size !== pushes.length || calls.flat().length !== pushes.length) throw new Error('not each once')
    for (const call of calls) {
      const messages = call.reduce((sum, one) => sum + one.tokens.length, 0)
      for (const one of call) if (call.length > 1 && messages > callSize(one)) throw new Error('too many')
      if (messages > 500) throw new Error('more than FCM takes')
    }
  }), { numRuns: 60 })
  t.equal(callSize({ tries: 0, reason: undefined }), 500)
  t.equal(callSize({ tries: 1, reason: 'internal-error' }), 500, 'FCM spoke of this one message')
  t.equal(callSize({ tries: 1, reason: 'app/deadline' }), 25)
  t.equal(callSize({ tries: 1, reason: undefined }), 25, 'its worker died in the call')
  t.equal(callSize({ tries: 2, reason: 'app/deadline' }), 1)
})

const message: PushMessage = { token: 'a-token', title: 'Permintaan baru', body: 'Seorang pelanggan menunggu.', data: { kind: 'offer', offerId: 'o-1' }, tag: 'offer:1', ttlSeconds: 45, priority: 'urgent', quiet: false }

t.test('a message is right for Android, Apple and browsers', async (t) => {
  t.same(fcmMessage(message, 1_000_000_999), {
    token: 'a-token',
    notification: { title: 'Permintaan baru', body: 'Seorang pelanggan menunggu.' },
    data: { kind: 'offer', offerId: 'o-1' },
    android: { priority: 'high', ttl: 45_000, collapseKey: 'offer:1', notification: { tag: 'offer:1', channelId: 'offers', sound: 'default' } },
    apns: {
      headers: { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': '1000045', 'apns-collapse-id': 'offer:1' },
      payload: { aps: { sound: 'default', threadId: 'offer', 'interruption-level': 'time-sensitive' } },
    },
    webpush: { headers: { TTL: '45', Urgency: 'high' }, notification: { tag: 'offer:1', renotify: true } },
  })
  for (const [kind, { androidChannel }] of Object.entries(KINDS)) {
    for (const priority of PRIORITIES) {
      const isPressing = priority === 'urgent' || priority === 'high'
      t.match(fcmMessage({ ...message, priority, data: { kind, conversationId: 'c-1' } }, 0), {
        android: { priority: isPressing ? 'high' : 'normal', notification: { channelId: androidChannel, sound: 'default' } },
        apns: { headers: { 'apns-priority': isPressing ? '10' : '5' }, payload: { aps: { threadId: 'c-1', 'interruption-level': priority === 'urgent' ? 'time-sensitive' : 'active' } } },
        webpush: { headers: { TTL: '45', Urgency: isPressing ? 'high' : 'normal' } },
      }, `${kind}, ${priority}`)
    }
  }
  const quiet = fcmMessage({ ...message, quiet: true }, 0)
  t.match(quiet, { android: { priority: 'normal', notification: { channelId: 'quiet', tag: 'offer:1', priority: 'low' } }, apns: { headers: { 'apns-priority': '5', 'apns-collapse-id': 'offer:1' }, payload: { aps: { 'interruption-level': 'passive' } } }, webpush: { headers: { Urgency: 'normal' }, notification: { tag: 'offer:1', silent: true } } })
  t.notOk(quiet.apns!.payload!.aps.sound ?? quiet.android!.notification!.sound ?? quiet.webpush!.notification!.renotify, 'it takes the place of what rang, without a sound')
  t.match(fcmMessage({ ...message, data: { kind: 'of another version' } }, 0), { android: { notification: { channelId: 'general' } } })
})

t.test('whatever the text and the tag, the message keeps to FCM’s and Apple’s limits, and a tag to its collapse id', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 4000 }), fc.string({ unit: 'binary', maxLength: 4000 }), fc.array(fc.constantFrom('\u0000', '"', '\\', '\ud800', '\u2028'), { maxLength: 4000 }).map((parts) => parts.join('')))
  const data = fc.dictionary(fc.constantFrom('kind', 'sessionId', 'conversationId', 'link', 'hotlines', 'template'), fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 1500 })))
  fc.assert(fc.property(text, fc.string({ unit: 'grapheme', maxLength: 200 }), data, fc.boolean(), (text, tag, data, quiet) => {
    let made: ReturnType<typeof fcmMessage>
    try {
      made = fcmMessage({ ...message, title: text, body: text, tag, data, quiet }, 0)
    } catch (error) {
      if (error instanceof UnfitMessage && error.reason === 'payload_too_large' && Buffer.byteLength(JSON.stringify(data)) > 2000) return
      throw error
    }
    if (Buffer.byteLength(JSON.stringify({ notification: made.notification, data: made.data })) > 4096) throw new Error('too large for FCM')
    if (Buffer.byteLength(JSON.stringify({ aps: { alert: made.notification, ...made.apns!.payload!.aps }, ...made.data })) > 4096) throw new Error('too large for Apple')
    const id = made.apns!.headers!['apns-collapse-id']!
    if (Buffer.byteLength(id) > 64 || id !== fcmMessage({ ...message, tag }, 5).apns!.headers!['apns-collapse-id']) throw new Error('collapse id')
    if (!JSON.stringify(made).isWellFormed() || !made.notification!.body!.isWellFormed()) throw new Error('half a character')
  }), { numRuns: 300 })
  t.equal(fcmMessage({ ...message, body: '😀'.repeat(1000) }, 0).notification!.body!.at(-1), '…')
})

t.test('what FCM would refuse whatever its text is known beforehand', async (t) => {
  const reasonOf = (data: Record<string, string>) => {
    try {
      fcmMessage({ ...message, data }, 0)
      return undefined
    } catch (error) {
      return error instanceof UnfitMessage ? error.reason : 'another error'
    }
  }
  t.equal(reasonOf({ kind: 'session', big: 'x'.repeat(4000) }), 'payload_too_large')
  for (const key of ['from', 'message_type', 'google.a', 'gcm.b', 'notification', '']) t.equal(reasonOf({ [key]: 'x' }), 'data_not_allowed', key)
  t.equal(reasonOf({ kind: 'session' }), undefined)
})
