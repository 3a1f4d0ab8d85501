/**
 * Notifications: what people are told, in the in-app inbox and by the channels that reach them. Owns notifications,
 * scheduled_notices, notice_templates, notice_faults.
 * Promises: a notice is committed with what it tells about, once a person and dedupe key.
 */
export { addressWords } from './address-words.ts'
export { clip } from './format-values.ts'
export { forgetInbox } from './forget-inbox.ts'
export { findAlreadyTold } from './find-already-told.ts'
export { findNoticesOfSession, type SessionNotice } from './find-of-session.ts'
export { findReadNotices } from './find-read.ts'
export { findTold, type Told } from './find-told.ts'
export { countFaults, onNoticeFaults } from './notice-faults.ts'
export { definitionOf, TEMPLATE_KEYS, TEXTS, type TemplateKey } from './notices.ts'
export { notify, type Notice } from './notify.ts'
export { purgeNotices } from './purge-notices.ts'
export { renderInForce } from './render-in-force.ts'
export { renderNotice, type NoticeFault } from './render-notice.ts'
export { notificationReactions } from './reactions.ts'
export { cancelScheduled, scheduleNotices, type ScheduledNotice } from './schedule-notices.ts'
export { localDay, momentOf, type When } from './schedule-times.ts'
export { areDigestsToWrite, sweepDigests } from './sweep-digests.ts'
export { areScheduledDue, sweepScheduled } from './sweep-scheduled.ts'
export { notificationRoutes } from './routes.ts'
export { flushFaults, purgeFaults } from './template-faults.ts'
export { templateStaffRoutes } from './template-routes.ts'
export { tellLeftNumber } from './tell-left-number.ts'
export { createTemplates } from './templates.ts'
