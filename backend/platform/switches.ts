import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'

const CLOSED_RETRY_SECONDS = 300

/** What is told while staff let no session begin. */
export function sessionsClosed(): AppError {
  return new AppError('sessions_closed', 'No new sessions at the moment.', { retryAfterSeconds: CLOSED_RETRY_SECONDS })
}

/** What whoever has no account is told while staff let nobody make one. */
export function signUpClosed(): AppError {
  return new AppError('sign_up_closed', 'No new accounts at the moment.', { retryAfterSeconds: CLOSED_RETRY_SECONDS })
}

/** Whether something new may be charged at the provider: it is configured, and staff have not closed it. */
export function mayCharge({ settings, gateways }: Pick<Ctx, 'settings' | 'gateways'>): boolean {
  return gateways.payments.enabled && !settings.get('paymentsClosed')
}
