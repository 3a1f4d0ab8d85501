import type { Answer } from './answering.ts'
import type { TokenFault } from './faults.ts'

const fcmError = (errorCode: string) => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
  errorCode,
})

function googleError(
  status: number,
  canonical: string,
  message: string,
  details: Record<string, unknown>[],
  retryAfterSeconds: number | null = null,
): Answer {
  return {
    status,
    body: { error: { code: status, message, status: canonical, details } },
    ...(retryAfterSeconds !== null && { headers: { 'retry-after': String(retryAfterSeconds) } }),
  }
}

/** A payload that FCM doesn't take: firebase-admin says `messaging/invalid-argument`, and the token is not to blame. */
export function invalidPayload(field: string, description: string): Answer {
  return googleError(400, 'INVALID_ARGUMENT', `Invalid value at '${field}': ${description}`, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] },
  ])
}

/** No usable access token: `messaging/third-party-auth-error`. */
export function unauthenticated(): Answer {
  return googleError(401, 'UNAUTHENTICATED', 'Request is missing required authentication credential.', [])
}

/** A service account of another project: `messaging/mismatched-credential`, for every token. */
export function permissionDenied(projectId: string): Answer {
  const message = `Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/${projectId}' (or it may not exist).`
  return googleError(403, 'PERMISSION_DENIED', message, [])
}

/** FCM as a whole is unwell. */
export function serverFailure(status: number, retryAfterSeconds: number | null): Answer {
  if (status === 429) return tokenAnswer({ behaviour: 'quota-exceeded', retryAfterSeconds })
  if (status === 503) return tokenAnswer({ behaviour: 'unavailable', retryAfterSeconds })
  return { ...tokenAnswer({ behaviour: 'internal', retryAfterSeconds }), status }
}

type Answering = Exclude<TokenFault['behaviour'], 'slow'>

/** FCM's answer for a token that has this behaviour; beside each, the code that firebase-admin 14.5 makes of it. */
export function tokenAnswer(fault: { behaviour: Answering; retryAfterSeconds: number | null }): Answer {
  return answers[fault.behaviour](fault.retryAfterSeconds)
}

const answers: Record<Answering, (retryAfterSeconds: number | null) => Answer> = {
  // messaging/registration-token-not-registered
  unregistered: () => googleError(404, 'NOT_FOUND', 'Requested entity was not found.', [fcmError('UNREGISTERED')]),
  // messaging/invalid-argument with this very message: the token is to be deleted
  'invalid-token': () =>
    googleError(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', [
      fcmError('INVALID_ARGUMENT'),
    ]),
  // messaging/invalid-argument
  'invalid-payload': () => invalidPayload('message.android.ttl', 'Invalid duration format'),
  // messaging/mismatched-credential
  'sender-id-mismatch': () =>
    googleError(403, 'PERMISSION_DENIED', 'SenderId mismatch', [fcmError('SENDER_ID_MISMATCH')]),
  // messaging/message-rate-exceeded
  'quota-exceeded': (retryAfterSeconds) =>
    googleError(
      429,
      'RESOURCE_EXHAUSTED',
      'Quota exceeded for this target.',
      [fcmError('QUOTA_EXCEEDED')],
      retryAfterSeconds ?? 60,
    ),
  // messaging/third-party-auth-error
  'third-party-auth': () =>
    googleError(401, 'UNAUTHENTICATED', 'Auth error from APNS or Web Push Service', [
      fcmError('THIRD_PARTY_AUTH_ERROR'),
    ]),
  // messaging/internal-error
  internal: (retryAfterSeconds) =>
    googleError(500, 'INTERNAL', 'Internal error encountered.', [fcmError('INTERNAL')], retryAfterSeconds),
  // messaging/server-unavailable, after firebase-admin's own four retries unless Retry-After is above a minute
  unavailable: (retryAfterSeconds) =>
    googleError(
      503,
      'UNAVAILABLE',
      'The service is currently unavailable.',
      [fcmError('UNAVAILABLE')],
      retryAfterSeconds,
    ),
  hang: () => ({ status: 0, body: null, spoil: 'hang' }),
  reset: () => ({ status: 0, body: null, spoil: 'reset' }),
}
