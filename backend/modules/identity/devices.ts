import { createHash } from 'node:crypto'
import { and, desc, eq, inArray, isNull, notInArray, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Platform } from './contract.ts'
import { deviceMarks, devices, preferences, signIns, type Device } from './tables.ts'

/** A person has a handful of devices; a client that forgets its tokens must not make every push a hundred. */
const DEVICES_MAX = 10

/** Registers a push token for this sign-in. A token belongs to whoever registered it last: the phone changed hands. */
export async function registerDevice(ctx: Ctx, actor: UserActor, input: { token: string; platform: Platform }): Promise<Device> {
  return transact(ctx, async (tx) => {
    const owner = { userId: actor.id, signInId: actor.signInId, platform: input.platform }
    const [device] = await tx.sql.insert(devices).values({ id: tx.ids.next(), token: input.token, ...owner })
      .onConflictDoUpdate({ target: devices.token, set: { ...owner, lastSeenAt: sql`app_now()` } }).returning()
    await tx.sql.insert(deviceMarks).values({ userId: actor.id, tokenHash: createHash('sha256').update(input.token).digest() }).onConflictDoNothing()
    const kept = tx.sql.select({ id: devices.id }).from(devices).where(eq(devices.userId, actor.id)).orderBy(desc(devices.lastSeenAt), desc(devices.id)).limit(DEVICES_MAX)
    await tx.sql.delete(devices).where(and(eq(devices.userId, actor.id), notInArray(devices.id, kept)))
    return device!
  })
}

/** Throws `not_found` for a device that is not this person's. */
export async function removeDevice(handle: Queryable, userId: string, id: string): Promise<Device> {
  const [device] = await handle.delete(devices).where(and(eq(devices.id, id), eq(devices.userId, userId))).returning()
  if (!device) throw new AppError('not_found', 'There is no such device.')
  return device
}

export type DeviceToken = { userId: string; token: string; platform: Platform }

/** The push tokens of these persons, of living sign-ins; nothing for those who switched notifications off. */
export async function findDeviceTokens(handle: Queryable, userIds: readonly string[]): Promise<Map<string, DeviceToken[]>> {
  if (userIds.length === 0) return new Map()
  const rows = await handle.select({ userId: devices.userId, token: devices.token, platform: devices.platform }).from(devices)
    .innerJoin(signIns, eq(signIns.id, devices.signInId))
    .leftJoin(preferences, eq(preferences.userId, devices.userId))
    .where(and(isAnyOf(devices.userId, userIds), isNull(signIns.revokedAt), sql`(${preferences.values} ->> 'notificationsEnabled') is distinct from 'false'`))
    .orderBy(devices.id)
  return Map.groupBy(rows, (row) => row.userId)
}

/** Forgets tokens that the push provider calls dead. */
export async function removeDeviceTokens(handle: Queryable, tokens: readonly string[]): Promise<void> {
  if (tokens.length > 0) await handle.delete(devices).where(inArray(devices.token, [...tokens]))
}
