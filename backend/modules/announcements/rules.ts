import type { AnnouncementState } from './contract.ts'
import { AppError } from '../../platform/errors.ts'

/** People of one transaction. */
export const BATCH_MOST = 500
/** A slow pace comes in small batches, one every few seconds, and not in one a minute. */
const BATCHES_A_MINUTE = 12
/** What a beat of the sweep may be late without making the pace slower: so much may be caught up. */
export const CAUGHT_UP_SECONDS = 2

/** What may be done with an announcement in this state. */
const ACTS = {
  edit: ['draft'],
  start: ['draft'],
  pause: ['scheduled', 'running'],
  resume: ['paused'],
  cancel: ['draft', 'scheduled', 'running', 'paused'],
} as const satisfies Record<string, readonly AnnouncementState[]>
export type AnnouncementAct = keyof typeof ACTS

/** Throws `conflict` where the state does not allow it. */
export function assertMay(act: AnnouncementAct, state: AnnouncementState): void {
  if (!(ACTS[act] as readonly AnnouncementState[]).includes(state)) throw new AppError('conflict', `This announcement is ${state}.`)
}

/** How many people a batch has. */
export function batchOf(perMinute: number | null): number {
  return perMinute === null ? BATCH_MOST : Math.min(BATCH_MOST, Math.max(1, Math.floor(perMinute / BATCHES_A_MINUTE)))
}

/**
 * Seconds of the pace that so many people take. What may be caught up is in it: in no minute there are more than
 * `perMinute`, and one batch.
 */
export function paceSeconds(perMinute: number | null, people: number): number {
  return perMinute === null ? 0 : people * (60 + CAUGHT_UP_SECONDS) / perMinute
}

/** Whether the count that somebody saw in the dry run still is what is there: within 5 %. */
export function isAsExpected(expected: number, counted: number): boolean {
  return Math.abs(expected - counted) <= Math.max(expected, counted) * 0.05
}
