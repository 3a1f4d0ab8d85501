import type { PushResult } from '../../platform/gateways.ts'
import { retryAfterSeconds } from './retry-after.ts'

/** What firebase-admin 14 tells about one message that was not accepted, as far as it is looked at. */
export type FcmFailure = {
  code: string
  message: string
  httpResponse?: { status: number; headers: Record<string, unknown>; data?: unknown } | undefined
}

export type FcmVerdict = Exclude<PushResult, { outcome: 'accepted' }> & {
  /** Nothing about one device: the credential or the project is wrong, and every push meets the same. */
  isOurFault?: true
}

const NOT_A_TOKEN = 'The registration token is not a valid FCM registration token'
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
/** A device that gets too much is left alone for this long. */
const DEVICE_RATE_SECONDS = 60

/**
 * The error table of FCM. A token is dead only where FCM says so of the token itself: a wrong project, credential or
 * payload answers with the same codes, and would empty the table of devices.
 */
export function judgeFcmFailure(failure: FcmFailure, nowMs = Date.now()): FcmVerdict {
  const reason = failure.code.replace(/^messaging\//, '')
  const status = failure.httpResponse?.status
  const detail = fcmErrorCode(failure.httpResponse?.data)
  const afterSeconds = retryAfterSeconds(failure.httpResponse?.headers['retry-after'], nowMs)
  switch (reason) {
    case 'registration-token-not-registered':
      return detail === 'UNREGISTERED' ? { outcome: 'token_dead' } : { outcome: 'rejected', reason, isOurFault: true }
    case 'invalid-argument':
      return failure.message === NOT_A_TOKEN ? { outcome: 'token_dead' } : { outcome: 'rejected', reason }
    case 'mismatched-credential':
      return detail === 'SENDER_ID_MISMATCH' ? { outcome: 'token_dead', isOurFault: true } : { outcome: 'rejected', reason, isOurFault: true }
    case 'third-party-auth-error':
    case 'authentication-error':
      return { outcome: 'rejected', reason, isOurFault: true }
    case 'device-message-rate-exceeded':
      return { outcome: 'retry', afterSeconds: Math.max(afterSeconds ?? 0, DEVICE_RATE_SECONDS), reason }
    case 'message-rate-exceeded':
    case 'server-unavailable':
    case 'internal-error':
      return { outcome: 'retry', afterSeconds, reason }
    default:
      return isTrouble(reason, status) ? { outcome: 'retry', afterSeconds, reason } : { outcome: 'rejected', reason }
  }
}

/** Trouble on the way, or a proxy's answer. Over HTTP/2 a connection that failed is an unknown error without an answer. */
function isTrouble(reason: string, status: number | undefined): boolean {
  // An answer of 200 that FCM can't have given is no word about the message either.
  if (status !== undefined) return status < 300 || status === 429 || status >= 500
  return reason.startsWith('app/') || reason === 'unknown-error'
}

function fcmErrorCode(data: unknown): string | undefined {
  const details = (data as { error?: { details?: unknown } } | undefined)?.error?.details
  if (!Array.isArray(details)) return undefined
  const found = (details as { '@type'?: unknown; errorCode?: unknown }[]).find((detail) => detail?.['@type'] === FCM_ERROR)
  return typeof found?.errorCode === 'string' ? found.errorCode : undefined
}
