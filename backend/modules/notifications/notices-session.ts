import type { Data, NoticeDefinition } from './notice-types.ts'

const MINUTE = 60
const HOUR = 3600

const session = {
  kind: 'session', variables: {}, tag: (data: Data) => `session:${data['sessionId']}`, ttlSeconds: 10 * MINUTE, link: (data: Data) => `/sessions/${data['sessionId']}`,
} as const satisfies NoticeDefinition
// The talk is over: nobody is waiting for them.
const ended = { ...session, ttlSeconds: HOUR, priority: 'normal', critical: false } as const satisfies NoticeDefinition
// Of what passes in minutes nothing is left to read later.
const passing = { ...session, channels: ['push'] } as const satisfies NoticeDefinition

const message = {
  kind: 'message', tag: (data: Data) => `message:${data['conversationId']}`, ttlSeconds: HOUR, link: (data: Data) => `/conversations/${data['conversationId']}`,
} as const satisfies Omit<NoticeDefinition, 'variables'>

const status = { kind: 'status', variables: {}, tag: () => 'status', ttlSeconds: 30 * MINUTE, link: () => '/availability' } as const satisfies NoticeDefinition

const availability = {
  kind: 'availability', variables: {}, tag: (data: Data) => `notify-me:${data['mitraId'] ?? 'any'}`, ttlSeconds: 10 * MINUTE,
  link: (data: Data) => (data['mitraId'] === undefined ? '/mitras' : `/mitras/${data['mitraId']}`),
} as const satisfies NoticeDefinition

export const SESSION_NOTICES = {
  'offer.created': { kind: 'offer', variables: {}, tag: (data) => `offer:${data['sessionId']}`, ttlSeconds: MINUTE, link: (data) => `/offers/${data['offerId']}` },
  'offer.withdrawn': { kind: 'offer', variables: {}, tag: (data) => `offer:${data['sessionId']}`, ttlSeconds: MINUTE, link: () => '/' },

  'session.turn': session,
  'session.accepted': session,
  'session.time_short': { ...passing, variables: { minutes: 'count' }, ttlSeconds: MINUTE },
  'session.extended': { ...passing, variables: { minutes: 'count' } },
  'session.extension_dropped': { ...passing, priority: 'normal' },
  'session.paused': session,
  'session.resumed': passing,
  'session.ended.time_up': ended,
  'session.ended.mitra_ended': ended,
  'session.ended.pause_limit': ended,
  'session.ended.staff_ended': ended,
  'session.ended.no_answer': ended,
  'session.ended.mitra_unavailable': ended,
  'session.ended.payment_unavailable': ended,
  'session.ended.queue_expired': ended,
  'session.ended.for_mitra': ended,

  'message.new': { ...message, variables: { count: 'count' } },
  'message.new.text': { ...message, variables: { count: 'count', name: 'text', text: 'text' } },

  'availability.any': availability,
  'availability.named': { ...availability, variables: { name: 'text' } },
  'availability.chosen': availability,

  'status.missed_offers': { ...status, variables: { count: 'count' }, ttlSeconds: HOUR },
  'status.schedule_started': status,
  'status.break_over': status,

  'rating.reminder': { kind: 'rating', variables: {}, tag: (data) => `rating:${data['sessionId']}`, ttlSeconds: 24 * HOUR, link: (data) => `/sessions/${data['sessionId']}/rating` },
} as const satisfies Record<string, NoticeDefinition>
