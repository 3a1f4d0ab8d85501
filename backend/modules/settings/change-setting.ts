import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { SETTINGS } from '../../platform/settings-catalogue.ts'
import { appendAudit } from '../audit/index.ts'
import { loadSettings } from './load-settings.ts'
import { checkSetting, isSettingName, isSwitch } from './rules.ts'
import { settings, settingsHistory } from './tables.ts'
import { SETTINGS_CHANNEL } from './watch-settings.ts'

export type ChangeSetting = {
  staffId: string
  key: string
  value: unknown
  /** What the caller has seen; with another in the row it is a conflict. */
  version?: number | undefined
  reason?: string | undefined
  requestId?: string | undefined
  ip?: string | undefined
}

/**
 * Changes one setting: row, history and audit in this transaction; in force here and on the other replicas after its
 * commit. Throws `not_found` for an unknown key, `validation_failed` with the bounds for a value outside of them, `conflict`
 * once somebody else has changed it.
 */
export async function changeSetting(tx: Tx, change: ChangeSetting): Promise<void> {
  const { key } = change
  if (!isSettingName(key)) throw new AppError('not_found', 'no such setting')
  const checked = checkSetting(key, change.value)
  if (isSwitch(key) && change.reason === undefined) throw new AppError('validation_failed', 'Say why.', { errors: [{ path: 'reason', code: 'required', message: 'A switch is thrown and taken back with a reason.' }] })
  if (!checked.ok) throw new AppError('validation_failed', checked.message, { errors: [{ path: 'value', code: checked.code, message: checked.message }] })

  // The default becomes a row first, so that there is always one to lock and the history has no two equal beginnings.
  await tx.sql.insert(settings).values({ key, value: SETTINGS[key].default, version: 0 }).onConflictDoNothing()
  const [before] = await tx.sql.select({ value: settings.value, version: settings.version }).from(settings).where(eq(settings.key, key)).for('update')
  if (change.version !== undefined && before?.version !== change.version) throw new AppError('conflict', 'Somebody else has changed this setting meanwhile.')
  await tx.sql
    .update(settings)
    .set({ value: checked.value, version: sql`${settings.version} + 1`, updatedAt: sql`app_now()`, updatedBy: change.staffId })
    .where(eq(settings.key, key))
  await tx.sql.insert(settingsHistory).values({
    id: tx.ids.next(), key, oldValue: before?.value, newValue: checked.value, reason: change.reason ?? null, changedBy: change.staffId,
  })
  await appendAudit(tx, {
    actorKind: 'staff', actorId: change.staffId, act: 'setting.changed', targetType: 'setting', targetId: key,
    reason: change.reason, details: { from: before?.value, to: checked.value }, requestId: change.requestId, ip: change.ip,
  })
  tx.afterCommit((ctx) => {
    ctx.valkey.broadcast(SETTINGS_CHANNEL, key)
    loadSettings(ctx).catch((error: unknown) => ctx.log.warn({ err: error }, 'settings could not be read after a change'))
  })
}
