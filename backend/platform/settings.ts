import { SETTINGS, type SettingName, type SettingValues } from './settings-catalogue.ts'

export type { SettingName, SettingValues } from './settings-catalogue.ts'

/** The values in force on this replica, from memory: reading one costs nothing. */
export type Settings = {
  get<K extends SettingName>(name: K): SettingValues[K]
  /** Replaces what is in force; used by the settings module when rows change. Missing names fall to their default. */
  load(values: Partial<SettingValues>): void
}

export function createSettings(values: Partial<SettingValues> = {}): Settings {
  let inForce = { ...defaultSettings(), ...values }
  return {
    get: (name) => inForce[name],
    load: (next) => {
      inForce = { ...defaultSettings(), ...next }
    },
  }
}

export function defaultSettings(): SettingValues {
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, definition]) => [name, definition.default])) as SettingValues
}
