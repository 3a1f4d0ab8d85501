/**
 * Announcements: what staff tell many people at once. Owns announcements, announcement_waves.
 * Promises: whoever belongs to the segment is told once, however often a worker dies and whoever goes on; no faster than
 * staff said; paused and cancelled between two batches.
 */
export { createAnnouncement, editAnnouncement } from './write-announcement.ts'
export { dryRun } from './dry-run.ts'
export { findAnnouncement, findAnnouncements, type AnnouncementFilter } from './queries.ts'
export { measureAnnouncements } from './measure-announcements.ts'
export { announcementPushHook } from './push-hook.ts'
export { areAnnouncementsDue, runAnnouncements } from './run-announcements.ts'
export { startAnnouncement, type StartWanted } from './start-announcement.ts'
export { cancelAnnouncement, pauseAnnouncement, resumeAnnouncement } from './steer-announcement.ts'
export { sendTest } from './send-test.ts'
export type { Announcement, Wave } from './tables.ts'
