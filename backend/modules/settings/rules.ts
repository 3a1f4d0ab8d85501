import { SETTINGS, SWITCHES, type SettingDefinition, type SettingName, type SwitchName } from '../../platform/settings-catalogue.ts'

export type Checked = { ok: true; value: number | boolean | string | readonly number[] | readonly string[] } | { ok: false; code: string; message: string }

const LIST_MAX = 50
const CONTROL = /\p{Cc}/u

/** Own keys only: `constructor` and its like are no settings. */
export function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(SETTINGS, key)
}

export function isSwitch(key: SettingName): key is SwitchName {
  return SWITCHES.some((name) => name === key)
}

/** Whether a value fits its definition; the message tells the bounds. */
export function checkSetting(name: SettingName, value: unknown): Checked {
  const definition: SettingDefinition = SETTINGS[name]
  switch (definition.type) {
    case 'int':
      return isWithin(value, definition) ? { ok: true, value } : refusal('out_of_bounds', `${name} is a whole number ${bounds(definition)}`)
    case 'int-list':
      return isList(value, (item) => isWithin(item, definition))
        ? { ok: true, value }
        : refusal('out_of_bounds', `${name} is a list of at most ${LIST_MAX} whole numbers, each ${bounds(definition)}`)
    case 'flag':
      return typeof value === 'boolean' ? { ok: true, value } : refusal('wrong_type', `${name} is true or false`)
    case 'text':
      return isText(value, definition.maxLength) ? { ok: true, value } : refusal('out_of_bounds', `${name} is a text of 1 to ${definition.maxLength} characters`)
    default:
      return isList(value, (item) => isText(item, definition.maxLength)) && value.length > 0
        ? { ok: true, value }
        : refusal('out_of_bounds', `${name} is a list of 1 to ${LIST_MAX} texts, each of 1 to ${definition.maxLength} characters`)
  }
}

const refusal = (code: string, message: string): Checked => ({ ok: false, code, message })
const bounds = (definition: { min: number; max: number; unit: string }) => `from ${definition.min} to ${definition.max} (${definition.unit})`

function isWithin(value: unknown, { min, max }: { min: number; max: number }): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength && !CONTROL.test(value) && value.isWellFormed()
}

function isList<T extends number | string>(value: unknown, fits: (item: unknown) => item is T): value is readonly T[]
function isList(value: unknown, fits: (item: unknown) => boolean): value is readonly never[] {
  return Array.isArray(value) && value.length <= LIST_MAX && value.every(fits)
}
