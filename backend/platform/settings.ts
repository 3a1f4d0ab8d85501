import { SETTINGS, type SettingName, type SettingValues } from './settings-catalogue.ts'

export type { SettingName, SettingValues } from './settings-catalogue.ts'

/** The values in force on this replica, from memory: reading one costs nothing. */
export type Settings = {
  get<K extends SettingName>(name: K): SettingValues[K]
  /** Replaces what is in force; used by the settings module when rows change. Missing names fall to their default. `version`: of all rows together. */
  load(values: Partial<SettingValues>, version?: number): void
  /** Of what is in force: it grows with every change, and is the same on every replica that goes by the same values. */
  version(): number
}

export function createSettings(values: Partial<SettingValues> = {}): Settings {
  let inForce = { ...defaultSettings(), ...values }
  let versionInForce = 0
  return {
    get: (name) => inForce[name],
    load: (next, version) => {
      inForce = { ...defaultSettings(), ...next }
      versionInForce = version ?? versionInForce
    },
    version: () => versionInForce,
  }
}

export function defaultSettings(): SettingValues {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, definition]) => [name, definition.default])) as SettingValues
}
