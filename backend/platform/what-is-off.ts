import type { Env } from './env.ts'

export type Off = { off: string; variables: readonly string[]; meaning: string }

/** What the environment leaves switched off, and what that means for people: told at each start, one line each. */
export function whatIsOff(env: Env): Off[] {
  const off: Off[] = []
  if (!env.XENDIT_ENABLED) off.push({ off: 'payments', variables: ['XENDIT_ENABLED'], meaning: 'packages with a price answer payments_disabled; only free ones can be had' })
  if (!env.FAZPASS_ENABLED) off.push({ off: 'one-time codes', variables: ['FAZPASS_ENABLED', 'OTP_TEST_PHONES'], meaning: whoSignsIn(env) })
  if (!env.FIREBASE_SERVICE_ACCOUNT_PATH && !env.FCM_SIMULATOR) off.push({ off: 'pushes', variables: ['FIREBASE_SERVICE_ACCOUNT_PATH'], meaning: 'phones hear of nothing while the app is closed' })
  if (!env.SMTP_URL) off.push({ off: 'e-mail', variables: ['SMTP_URL', 'MAIL_FROM', 'PUBLIC_ORIGIN'], meaning: 'nobody can give an address (email_disabled), and no letter or digest is sent by e-mail' })
  if (!env.SMS_BASE_URL) off.push({ off: 'SMS', variables: ['SMS_BASE_URL', 'SMS_API_KEY', 'SMS_SENDER'], meaning: 'alerts that a person wants by SMS are dropped; one-time codes are not concerned' })
  return off
}

function whoSignsIn(env: Env): string {
  if (env.APP_ENV === 'development') return 'everybody signs in with 000000'
  const count = env.OTP_TEST_PHONES.length
  return count === 0 ? 'nobody can sign in: no test phones are named either' : `only the ${count} test phones can sign in, with 000000`
}
