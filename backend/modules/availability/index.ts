/**
 * Availability: the beacon that everybody polls, and telling those who asked that somebody is free.
 * Tables: notify_requests; the beacon counts what mitras and sessions keep.
 * Promises: any number of polls costs Postgres one count in five seconds, without Valkey one a second and replica;
 * numbers that could not be counted anew are the last known, with their time. A request to be told is answered once,
 * whatever crashes, in the order of asking, and "any" to no more people than there are slots.
 */
export { answerNotify, isNotifyAsked } from './answer-notify.ts'
export { purgeNotifyRequests } from './ask-notify.ts'
export { notifyRoutes } from './notify-routes.ts'
export { availabilityRoutes } from './routes.ts'
export type { QueueCounts } from './beacon.ts'
