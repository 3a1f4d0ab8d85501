import { and, desc, eq, inArray, lt } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { groupOf, SETTINGS, SWITCHES, type SettingDefinition, type SettingName } from '../../platform/settings-catalogue.ts'
import type { HistoryList, SettingView, SwitchList } from './contract.ts'
import { checkSetting, isSettingName } from './rules.ts'
import { settings, settingsHistory } from './tables.ts'

type Row = typeof settings.$inferSelect
type Value = SettingView['value']

/** Every setting of the catalogue with what is stored for it; defaults where nothing is. */
export async function listSettings(handle: Queryable): Promise<{ items: SettingView[]; version: number }> {
  const rows = new Map((await handle.select().from(settings)).map((row) => [row.key, row]))
  const items = (Object.keys(SETTINGS) as SettingName[]).map((name) => describe(name, rows.get(name)))
  return { items, version: versionOf([...rows.values()]) }
}

/** How many changes these rows have seen together: grows by one with each, and says nothing of which. */
export function versionOf(rows: readonly Pick<Row, 'version'>[]): number {
  return rows.reduce((sum, { version }) => sum + version, 0)
}

/** Throws `not_found` for a key that the catalogue doesn't know. */
export async function getSetting(handle: Queryable, key: string): Promise<SettingView> {
  const name = known(key)
  const [row] = await handle.select().from(settings).where(eq(settings.key, name))
  return describe(name, row)
}

/** Newest first. Throws `not_found` for a key that the catalogue doesn't know. */
export async function listSettingHistory(handle: Queryable, key: string, page: { limit: number; cursor?: string | undefined }): Promise<Omit<HistoryList, 'names'>> {
  const rows = await handle
    .select().from(settingsHistory)
    .where(and(eq(settingsHistory.key, known(key)), page.cursor === undefined ? undefined : lt(settingsHistory.id, page.cursor)))
    .orderBy(desc(settingsHistory.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return {
    items: items.map((row) => ({ ...row, oldValue: row.oldValue as Value, newValue: row.newValue as Value, changedAt: row.changedAt.toISOString() })), // only checked values are ever stored
    nextCursor: rows.length > page.limit ? items.at(-1)!.id : null,
  }
}

/** Every switch as it is stored, with the reason of its last change. */
export async function listSwitches(handle: Queryable): Promise<SwitchList['items']> {
  const rows = new Map((await handle.select().from(settings).where(inArray(settings.key, [...SWITCHES]))).map((row) => [row.key, row]))
  const reasons = await handle.selectDistinctOn([settingsHistory.key], { key: settingsHistory.key, reason: settingsHistory.reason }).from(settingsHistory)
    .where(inArray(settingsHistory.key, [...SWITCHES])).orderBy(settingsHistory.key, desc(settingsHistory.changedAt), desc(settingsHistory.id))
  return SWITCHES.map((key) => {
    const row = rows.get(key)
    return {
      key, isThrown: row?.value === true, version: row?.version ?? 0, changedAt: row?.updatedAt.toISOString() ?? null, changedBy: row?.updatedBy ?? null,
      reason: reasons.find((one) => one.key === key)?.reason ?? null,
    }
  })
}

function known(key: string): SettingName {
  if (!isSettingName(key)) throw new AppError('not_found', 'no such setting')
  return key
}

function describe(key: SettingName, row: Row | undefined): SettingView {
  const definition: SettingDefinition = SETTINGS[key]
  const standard = definition.default as Value // readonly lists
  const isUsable = row !== undefined && checkSetting(key, row.value).ok
  return {
    ...definition, key, group: groupOf(key), value: isUsable ? (row.value as Value) : standard, default: standard,
    version: row?.version ?? 0, updatedAt: row?.updatedAt.toISOString() ?? null, updatedBy: row?.updatedBy ?? null,
  }
}
