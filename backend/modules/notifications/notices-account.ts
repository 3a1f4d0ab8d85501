import type { Data, NoticeDefinition } from './notice-types.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const crisis = {
  kind: 'safety', variables: {}, channels: ['inbox', 'push'], tag: (data: Data) => `safety:${data['sessionId']}`, ttlSeconds: HOUR, link: (data: Data) => `/sessions/${data['sessionId']}`, sensitive: true,
} as const satisfies NoticeDefinition
// Whoever is out is reached by e-mail alone: their devices are out with them, and the inbox waits until they may come in again.
const sanction = {
  kind: 'safety', variables: {}, channels: ['inbox', 'email'], tag: (data: Data) => `safety:${data['sanctionId']}`, ttlSeconds: DAY, link: () => '/notifications', sensitive: true,
} as const satisfies NoticeDefinition
const warning = { ...sanction, channels: ['inbox', 'push', 'email'], priority: 'normal', critical: false } as const satisfies NoticeDefinition
const appeal = { ...sanction, tag: (data: Data) => `appeal:${data['appealId']}` } as const satisfies NoticeDefinition

const account = { kind: 'account', variables: {}, tag: () => 'account', ttlSeconds: DAY, link: () => '/account' } as const satisfies NoticeDefinition
// Each kind of event has a tag of its own: on a device a thief's second step must not replace what was told of the first.
const security = { kind: 'security_alert', variables: {}, tag: () => 'security', ttlSeconds: DAY, link: () => '/account/sign-ins' } as const satisfies NoticeDefinition
const newSignIn = { ...security, tag: (data: Data) => `sign-in:${data['signInId']}` } as const satisfies NoticeDefinition
const tokenReused = { ...security, tag: (data: Data) => `token-reused:${data['signInId']}` } as const satisfies NoticeDefinition
const emailAlert = { ...security, tag: () => 'security-email', link: () => '/account' } as const satisfies NoticeDefinition
// No kind to choose by: how often it comes is a preference of its own. By the evening it is no news any more.
const digest = { kind: 'digest', channels: ['email'], tag: () => 'digest', ttlSeconds: 12 * HOUR, link: () => '/notifications' } as const satisfies Omit<NoticeDefinition, 'variables'>

export const ACCOUNT_NOTICES = {
  'safety.crisis_card': { ...crisis, variables: { hotlines: 'text' }, mustSay: ['hotlines'] },
  'safety.crisis_guidance': crisis,
  'safety.report_closed': {
    kind: 'safety', variables: {}, tag: (data) => `case:${data['caseId']}`, ttlSeconds: DAY, priority: 'normal', critical: false, link: () => '/notifications', sensitive: true,
  },

  'sanction.warning': warning,
  'sanction.warning.words': { ...warning, variables: { message: 'text' } },
  'sanction.suspended': { ...sanction, variables: { until: 'time' } },
  'sanction.suspended.words': { ...sanction, variables: { until: 'time', message: 'text' } },
  'sanction.banned': sanction,
  'sanction.banned.words': { ...sanction, variables: { message: 'text' } },
  'sanction.lifted': sanction,
  'appeal.upheld': appeal,
  'appeal.upheld.words': { ...appeal, variables: { answer: 'text' } },

  'account.erasure_called_off.customer': account,
  'account.erasure_called_off.mitra': account,

  'security.new_sign_in': { ...newSignIn, variables: { at: 'time' } },
  'security.new_sign_in.named': { ...newSignIn, variables: { at: 'time', device: 'text' } },
  'security.token_reused': { ...tokenReused, variables: { at: 'time' } },
  'security.token_reused.named': { ...tokenReused, variables: { at: 'time', device: 'text' } },
  'security.phone_changed': { ...security, tag: () => 'security-phone', link: () => '/account' },
  // To the number that was given up.
  'security.number_left': { ...security, channels: ['sms'], variables: { contact: 'text' }, mustSay: ['contact'], tag: () => 'security-phone', link: () => '/account' },
  // Not by e-mail: that would come to who added it.
  'security.email_added': { ...emailAlert, channels: ['inbox', 'push', 'sms'] },
  // Its e-mail goes to the address that was given up.
  'security.email_changed': emailAlert,
  'security.email_removed': emailAlert,
  // To an address that is nobody's yet.
  'email.proof': { ...emailAlert, channels: ['email'], variables: { code: 'text', minutes: 'count' }, mustSay: ['code'], ttlSeconds: 600 },
  'security.signed_out_everywhere': security,

  // `list`: the titles, a line each; `more`: how many besides. The second where none of them may be named.
  'digest.listed': { ...digest, variables: { count: 'count', list: 'text', more: 'count' }, mustSay: ['list'] },
  'digest.counted': { ...digest, variables: { count: 'count' } },

  'announcement': { kind: 'system_announcement', variables: {}, tag: (data) => `announcement:${data['announcementId']}`, ttlSeconds: DAY, link: (data) => data['link'] ?? '/notifications' },
} as const satisfies Record<string, NoticeDefinition>
