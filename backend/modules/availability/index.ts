/**
 * Availability: the beacon that everybody polls.
 * Tables: none; it counts what mitras and sessions keep.
 * Promises: any number of polls costs Postgres one count in five seconds, without Valkey one a second and replica;
 * numbers that could not be counted anew are the last known, with their time.
 */
export { availabilityRoutes } from './routes.ts'
export type { QueueCounts } from './beacon.ts'
