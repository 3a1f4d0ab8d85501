import type { Env } from './env.ts'

export type Off = { off: string; variables: readonly string[]; meaning: string }

/** What the environment leaves switched off, and what that means for people: told at each start, one line each. */
export function whatIsOff(env: Env): Off[] {
  const off: Off[] = []
  if (!env.XENDIT_ENABLED) off.push({ off: 'payments', variables: ['XENDIT_ENABLED'], meaning: 'packages with a price answer payments_disabled; only free ones can be had' })
  if (!env.FAZPASS_ENABLED) off.push({ off: 'one-time codes', variables: ['FAZPASS_ENABLED', 'OTP_TEST_PHONES'], meaning: whoSignsIn(env) })
  if (!env.FIREBASE_SERVICE_ACCOUNT_PATH && !env.FCM_SIMULATOR) off.push({ off: 'pushes', variables: ['FIREBASE_SERVICE_ACCOUNT_PATH'], meaning: 'phones hear of nothing while the app is closed' })
  return off
}

function whoSignsIn(env: Env): string {
  if (env.APP_ENV === 'development') return 'everybody signs in with 000000'
  const count = env.OTP_TEST_PHONES.length
  return count === 0 ? 'nobody can sign in: no test phones are named either' : `only the ${count} test phones can sign in, with 000000`
}
