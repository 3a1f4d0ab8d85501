import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'

type World = Pick<Ctx, 'settings' | 'clock'>

const RETRY_SECONDS = 60
/** Once the end that was told has come, callers come back over this time, not all in one second. */
const SPREAD_SECONDS = 30
const RETRY_MOST_SECONDS = 3600

/** What people are told of the maintenance that is on, and when it should be over; undefined where none is on. No query: from memory. */
export function maintenanceOf({ settings, clock }: World): { messages: { id: string; en: string }; until: Date | undefined } | undefined {
  if (!settings.get('maintenance')) return undefined
  const minutes = settings.get('maintenanceMinutes')
  const beganAt = settings.changedAt('maintenance')
  const until = minutes > 0 && beganAt !== undefined ? new Date(beganAt.getTime() + minutes * 60_000) : undefined
  // An end that is over says nothing any more.
  return { messages: { id: settings.get('maintenanceMessageId'), en: settings.get('maintenanceMessageEn') }, until: until !== undefined && until.getTime() > clock.nowMs() ? until : undefined }
}

/** Throws `maintenance` while one is on. */
export function refuseInMaintenance(ctx: World): void {
  const maintenance = maintenanceOf(ctx)
  if (maintenance === undefined) return
  const { messages, until } = maintenance
  const leftSeconds = until === undefined ? RETRY_SECONDS : (until.getTime() - ctx.clock.nowMs()) / 1000 + Math.random() * SPREAD_SECONDS
  throw new AppError('maintenance', messages.en, { retryAfterSeconds: Math.min(leftSeconds, RETRY_MOST_SECONDS), until, messages })
}
