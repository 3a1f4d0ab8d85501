/** Lanes of their own: what is urgent never waits behind an announcement. */
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

export const CHANNELS = ['inbox', 'push', 'email', 'sms'] as const
export type Channel = (typeof CHANNELS)[number]

/** `always` and `never` are not the person's to choose; `on` and `off` are what they get who chose nothing. */
export type Choice = 'always' | 'on' | 'off' | 'never'

export type KindOf = {
  priority: Priority
  /** It comes in quiet hours too. */
  critical: boolean
  /** The Android channel, which both apps create; a person can silence each. */
  androidChannel: 'offers' | 'sessions' | 'messages' | 'money' | 'safety' | 'general'
} & Record<Channel, Choice>

/** What people are told of. A kind is what they choose by; which words it has is its notice's. */
export const KINDS = {
  offer: { priority: 'urgent', critical: true, androidChannel: 'offers', inbox: 'never', push: 'always', email: 'never', sms: 'never' },
  session: { priority: 'high', critical: true, androidChannel: 'sessions', inbox: 'on', push: 'on', email: 'never', sms: 'never' },
  message: { priority: 'high', critical: true, androidChannel: 'messages', inbox: 'never', push: 'on', email: 'never', sms: 'never' },
  payment: { priority: 'high', critical: true, androidChannel: 'money', inbox: 'always', push: 'on', email: 'on', sms: 'never' },
  refund: { priority: 'normal', critical: false, androidChannel: 'money', inbox: 'always', push: 'on', email: 'on', sms: 'never' },
  credit: { priority: 'normal', critical: false, androidChannel: 'money', inbox: 'always', push: 'on', email: 'off', sms: 'never' },
  tip: { priority: 'normal', critical: false, androidChannel: 'money', inbox: 'on', push: 'on', email: 'off', sms: 'never' },
  payout: { priority: 'normal', critical: false, androidChannel: 'money', inbox: 'always', push: 'on', email: 'on', sms: 'off' },
  bank_account: { priority: 'high', critical: true, androidChannel: 'money', inbox: 'always', push: 'always', email: 'always', sms: 'off' },
  availability: { priority: 'high', critical: false, androidChannel: 'general', inbox: 'on', push: 'on', email: 'never', sms: 'never' },
  status: { priority: 'high', critical: true, androidChannel: 'general', inbox: 'on', push: 'on', email: 'never', sms: 'never' },
  rating: { priority: 'low', critical: false, androidChannel: 'general', inbox: 'on', push: 'on', email: 'off', sms: 'never' },
  safety: { priority: 'high', critical: true, androidChannel: 'safety', inbox: 'always', push: 'always', email: 'on', sms: 'never' },
  account: { priority: 'normal', critical: false, androidChannel: 'general', inbox: 'always', push: 'on', email: 'always', sms: 'never' },
  security_alert: { priority: 'urgent', critical: true, androidChannel: 'safety', inbox: 'always', push: 'always', email: 'always', sms: 'off' },
  system_announcement: { priority: 'low', critical: false, androidChannel: 'general', inbox: 'on', push: 'on', email: 'off', sms: 'never' },
} as const satisfies Record<string, KindOf>

export type Kind = keyof typeof KINDS
