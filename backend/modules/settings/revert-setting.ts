import { and, eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { SETTINGS } from '../../platform/settings-catalogue.ts'
import { changeSetting, type ChangeSetting } from './change-setting.ts'
import { isSettingName } from './rules.ts'
import { settingsHistory } from './tables.ts'

/**
 * Takes a setting back to its default, or to what stood before a change of its history: a change like any other, with its
 * own row there. Throws what a change throws, and `not_found` for a row that is no change of this setting.
 */
export async function revertSetting(tx: Tx, { to, ...change }: Omit<ChangeSetting, 'value'> & { to: string }): Promise<void> {
  const { key } = change
  if (!isSettingName(key)) throw new AppError('not_found', 'no such setting')
  if (to === 'default') return changeSetting(tx, { ...change, value: SETTINGS[key].default })
  const [row] = await tx.sql.select({ value: settingsHistory.oldValue }).from(settingsHistory).where(and(eq(settingsHistory.id, to), eq(settingsHistory.key, key)))
  if (!row) throw new AppError('not_found', 'no such change of this setting')
  return changeSetting(tx, { ...change, value: row.value ?? SETTINGS[key].default })
}
