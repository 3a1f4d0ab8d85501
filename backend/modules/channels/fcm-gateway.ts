import type { Messaging, SendResponse, TokenMessage } from 'firebase-admin/messaging'
import type { Env } from '../../platform/env.ts'
import type { PushGateway, PushMessage, PushResult } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { withinDeadline } from './deadline.ts'
import { fcmClient, sendEach } from './fcm-client.ts'
import { judgeFcmFailure, type FcmFailure } from './fcm-errors.ts'
import { fcmMessage, UnfitMessage } from './fcm-message.ts'

/** The most that `sendEach` takes. */
export const FCM_BATCH_MAX = 500
/** firebase-admin itself waits 15 s. What is accepted after this replaces itself on the device by its tag. */
const DEADLINE_MS = 10_000

/** FCM through firebase-admin behind the port; never throws. Throws at boot for a service account that can't be used. */
export function createFcmGateway(env: Env, log: Log, metrics: Metrics, options: { deadlineMs?: number; requestMs?: number; nowMs?: () => number } = {}): PushGateway {
  const open = fcmClient(env, options)
  let client: Promise<Messaging> | undefined
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS
  const nowMs = options.nowMs ?? Date.now

  const count = (outcome: string, many = 1) => metrics.providerCalls.inc({ provider: 'fcm', call: 'send', outcome }, many)

  const judge = (error: unknown): PushResult => {
    const { isOurFault, ...verdict } = judgeFcmFailure(failureOf(error), nowMs())
    if (isOurFault) log.error({ provider: 'fcm', reason: verdict.outcome === 'token_dead' ? 'sender-id-mismatch' : verdict.reason }, 'push is not set up right')
    else if (verdict.outcome === 'rejected') log.error({ provider: 'fcm', reason: verdict.reason }, 'a push was refused')
    count(verdict.outcome)
    return verdict
  }

  const refuse = (reason: string): PushResult => {
    log.error({ provider: 'fcm', reason }, 'a push was refused')
    count('rejected')
    return { outcome: 'rejected', reason }
  }

  // What FCM accepted it has named: an answer of another shape comes from somebody on the way.
  const judgeResponse = (response: SendResponse | undefined): PushResult => {
    if (!response?.success) return judge(response?.error)
    if (typeof response.messageId !== 'string' || response.messageId === '') return judge({ code: 'app/unreadable-answer', message: '' } satisfies FcmFailure)
    count('accepted')
    return { outcome: 'accepted' }
  }

  return {
    enabled: open !== undefined,
    async send(messages, hear) {
      if (!open) throw new Error('push is not configured')
      const took = metrics.providerSeconds.startTimer({ provider: 'fcm', call: 'send' })
      const results: PushResult[] = []
      /** What is known of a message is known for good. */
      const know = (index: number, judged: () => PushResult) => (results[index] ??= judged())
      const failRest = (error: unknown) => messages.map((_, index) => know(index, () => judge(error)))
      try {
        client ??= open()
        return await withinDeadline(deadlineMs, client.then(async (messaging) => {
          const fit: { index: number; message: TokenMessage }[] = []
          for (const [index, one] of messages.map((message) => make(message, nowMs())).entries()) {
            if (one instanceof UnfitMessage) know(index, () => refuse(one.reason))
            else fit.push({ index, message: one })
          }
          const places = Map.groupBy(fit, ({ message }) => keyOf(message))
          const answers = fit.length === 0 ? [] : await sendEach(messaging, fit.map(({ message }) => message), (message, answer) => {
            const [place, another] = places.get(keyOf(message)) ?? []
            if (hear && place && !another) hear(place.index, know(place.index, () => judgeResponse(answer)))
          })
          for (const [at, { index }] of fit.entries()) know(index, () => judgeResponse(answers[at]))
          return results
        }), 'app/deadline')
      } catch (error) {
        log.warn({ err: error, provider: 'fcm', messages: messages.length }, 'a call to the push provider failed')
        return failRest(error)
      } finally {
        took()
      }
    },
  }
}

/** A push goes to a device once a call; what can't be told apart is heard of at the end. */
const keyOf = ({ token, data }: Pick<TokenMessage, 'token' | 'data'>) => `${data?.['pushId'] ?? ''} ${token}`

function make(message: PushMessage, nowMs: number): TokenMessage | UnfitMessage {
  try {
    return fcmMessage(message, nowMs)
  } catch (error) {
    if (error instanceof UnfitMessage) return error
    throw error
  }
}

function failureOf(error: unknown): FcmFailure {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error as FcmFailure
  return { code: 'app/unknown', message: error instanceof Error ? error.message : '' }
}
