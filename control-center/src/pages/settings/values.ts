import type { SettingView } from '../../../../backend/modules/settings/contract.ts'
import { useCodeText, useSettingText } from './texts.ts'

export type Value = SettingView['value']

/** What is typed for a value: lists stand a line each. */
export function draftOf(value: Value): string {
  return Array.isArray(value) ? value.join('\n') : String(value)
}

/** The value that somebody typed, as the server wants it; a number that is none is sent as it is, and refused with the bounds. */
export function valueOf(type: SettingView['type'], draft: string): Value {
  const number = (text: string) => (text.trim() === '' ? text : Number.isFinite(Number(text)) ? Number(text) : text)
  if (type === 'flag') return draft === 'true'
  if (type === 'int') return number(draft)
  if (type === 'text') return draft.trim()
  const lines = draft.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  return type === 'int-list' ? lines.map((line) => number(line)) : lines
}

/** A value and its bounds in words. */
export function useValueWords(): { show: (value: Value | null) => string; bounds: (one: SettingView) => string } {
  const text = useSettingText()
  const code = useCodeText()
  return {
    show: (value) => (value === null ? '–' : typeof value === 'boolean' ? text(value ? 'on' : 'off') : Array.isArray(value) ? value.join(', ') : String(value)),
    bounds: ({ min, max, unit, maxLength }) => (min !== undefined && max !== undefined ? text('bounds', { min, max, unit: unit === undefined || unit === 'count' ? '' : code('unit', unit) }).trim() : maxLength === undefined ? '' : text('most', { count: maxLength })),
  }
}
