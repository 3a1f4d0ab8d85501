/**
 * Notifications: the in-app inbox, and pushes to a person's devices. Owns notifications, pushes.
 * Promises: a notice is committed with what it tells about, once a person and dedupe key; a push is tried again with
 * the same tag until it is accepted, refused for good or out of date; a token that is dead is removed.
 */
export { createFcmGateway } from './fcm-gateway.ts'
export { fcmClient } from './fcm-client.ts'
export { fcmMessage } from './fcm-message.ts'
export { findNoticesOfSession, type SessionNotice } from './find-of-session.ts'
export { notify, type Notice } from './notify.ts'
export { notificationRoutes } from './routes.ts'
export { runPush, sweepPushes } from './run-push.ts'
export { purgePushes } from './purge-pushes.ts'
