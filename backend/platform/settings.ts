import { SETTINGS, type SettingName, type SettingValues } from './settings-catalogue.ts'

export type { SettingName, SettingValues } from './settings-catalogue.ts'

/** The values in force on this replica, from memory: reading one costs nothing. */
export type Settings = {
  get<K extends SettingName>(name: K): SettingValues[K]
  /** Replaces what is in force; used by the settings module when rows change. Missing names fall to their default. `stored`: the version of all rows together, and when each was changed. */
  load(values: Partial<SettingValues>, stored?: { version: number; changedAt: ReadonlyMap<string, Date> }): void
  /** Of what is in force: it grows with every change, and is the same on every replica that goes by the same values. */
  version(): number
  /** When the value in force was set, where a row says so. */
  changedAt(name: SettingName): Date | undefined
}

export function createSettings(values: Partial<SettingValues> = {}): Settings {
  let inForce = { ...defaultSettings(), ...values }
  let versionInForce = 0
  let changedAt: ReadonlyMap<string, Date> = new Map()
  return {
    get: (name) => inForce[name],
    load: (next, stored) => {
      inForce = { ...defaultSettings(), ...next }
      versionInForce = stored?.version ?? versionInForce
      changedAt = stored?.changedAt ?? changedAt
    },
    version: () => versionInForce,
    changedAt: (name) => changedAt.get(name),
  }
}

export function defaultSettings(): SettingValues {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, definition]) => [name, definition.default])) as SettingValues
}
