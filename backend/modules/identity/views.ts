import type { Env } from '../../platform/env.ts'
import { readPhone } from './phones.ts'
import type { Device, SignIn, User } from './tables.ts'

export function profileView(user: User) {
  const { id, kind, displayName, birthDate, gender, language, timeZone } = user
  return { id, kind, displayName, birthDate, gender, language, timeZone, createdAt: user.createdAt.toISOString() }
}

/** A person's own profile: only they are shown their number in clear. */
export function meView(env: Env, user: User) {
  return { ...profileView(user), phone: user.phoneEncrypted === null ? null : readPhone(env, user.phoneEncrypted) }
}

export function signInView(row: SignIn, currentId: string) {
  return {
    id: row.id, deviceName: row.deviceName, appVersion: row.appVersion, createdAt: row.createdAt.toISOString(), lastUsedAt: row.lastUsedAt.toISOString(),
    ...(row.revokedAt ? { endedAt: row.revokedAt.toISOString() } : {}), isCurrent: row.id === currentId,
  }
}

export function deviceView(device: Device) {
  return { id: device.id, platform: device.platform, createdAt: device.createdAt.toISOString(), lastSeenAt: device.lastSeenAt.toISOString() }
}
