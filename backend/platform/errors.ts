/** Kinds of refusal, each mapped to one HTTP status unless the code says otherwise (platform/http.ts). */
export type ErrorKind =
  | 'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'not_allowed' | 'conflict' | 'unprocessable' | 'too_large'
  | 'unsupported' | 'upgrade' | 'limited' | 'unavailable' | 'fault'

/** Every code the product answers with, and its kind. Add; never rename or reuse. Source: the table of error codes. */
export const ERROR_KINDS = {
  validation_failed: 'invalid', idempotency_key_required: 'invalid', amount_below_minimum: 'invalid',
  message_too_long: 'invalid', frame_invalid: 'invalid', unknown_type: 'invalid',
  unauthenticated: 'unauthenticated', token_expired: 'unauthenticated', token_reused: 'unauthenticated',
  otp_invalid: 'unauthenticated', otp_expired: 'unauthenticated',
  forbidden: 'forbidden', account_suspended: 'forbidden', consent_required: 'forbidden', age_refused: 'forbidden',
  phone_not_allowed: 'forbidden', mitra_not_approved: 'forbidden', approval_self: 'forbidden',
  not_found: 'not_found', method_not_allowed: 'not_allowed',
  payload_too_large: 'too_large', unsupported_media_type: 'unsupported', app_update_required: 'upgrade',
  idempotency_key_reused: 'unprocessable',
  rate_limited: 'limited', otp_locked: 'limited', otp_resend_too_soon: 'limited', hold_cooldown: 'limited', too_many_frames: 'limited',
  maintenance: 'unavailable', not_ready: 'unavailable', payments_disabled: 'unavailable', payment_unavailable: 'unavailable', email_disabled: 'unavailable',
  sessions_closed: 'unavailable', sign_up_closed: 'unavailable', overloaded: 'unavailable',
  conflict: 'conflict', idempotency_in_progress: 'conflict', mitra_not_available: 'conflict', session_already_open: 'conflict',
  session_state_conflict: 'conflict', session_open: 'conflict', offer_expired: 'conflict', offer_taken: 'conflict',
  extension_pending: 'conflict', extension_refused: 'conflict', time_is_up: 'conflict', no_eligible_mitra: 'conflict',
  insufficient_balance: 'conflict', refund_exceeds: 'conflict', approval_required: 'conflict', conversation_closed: 'conflict',
  edit_window_over: 'conflict', blocked: 'conflict', already_rated: 'conflict', rating_window_over: 'conflict',
  internal: 'fault',
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERROR_KINDS

export const STATUS_OF_KIND: Record<ErrorKind, number> = {
  invalid: 400, unauthenticated: 401, forbidden: 403, not_found: 404, not_allowed: 405, conflict: 409, too_large: 413, unsupported: 415,
  unprocessable: 422, upgrade: 426, limited: 429, unavailable: 503, fault: 500,
}

export type FieldError = { path: string; code: string; message: string }

/** A refusal that the caller is told about, by its code. Whatever else is thrown is a fault of ours (500 `internal`). */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly FieldError[] | undefined
  readonly retryAfterSeconds: number | undefined
  /** When what is refused now is allowed again, where that is known. */
  readonly until: Date | undefined
  /** What people are told, by language, where staff wrote it themselves. */
  readonly messages: Readonly<Record<'id' | 'en', string>> | undefined

  constructor(code: ErrorCode, detail?: string, extra: { errors?: readonly FieldError[]; retryAfterSeconds?: number; until?: Date | undefined; messages?: Readonly<Record<'id' | 'en', string>> } = {}) {
    super(detail ?? code)
    this.name = 'AppError'
    this.code = code
    this.errors = extra.errors
    this.retryAfterSeconds = extra.retryAfterSeconds
    this.until = extra.until
    this.messages = extra.messages
  }

  get status(): number {
    return STATUS_OF_KIND[ERROR_KINDS[this.code]]
  }
}
