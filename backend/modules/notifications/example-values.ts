import { definitionOf, type TemplateKey } from './notices.ts'
import type { VariableType } from './notice-types.ts'

const BY_TYPE: Readonly<Record<VariableType, string | number>> = { text: 'Lorem ipsum', count: 3, money: 45_000, time: '2026-01-05T12:30:00.000Z' }
const BY_NAME: Readonly<Record<string, string | number>> = {
  name: 'Ayu Lestari', code: '123456', bank: 'BCA', number: '1234', minutes: 15, text: 'Halo, apa kabar hari ini?', hotlines: '119 (ext. 8)', paid: 30_000, wallet: 15_000,
  message: 'Mohon tetap sopan kepada sesama.', answer: 'Kami sudah membacanya kembali.', contact: 'https://halobestie.com/support', list: '• Kamu dapat tip (5 Jan 2026, 19.30 WIB)', more: 2, until: '2026-02-01T17:00:00.000Z',
}

/** A value for each variable of a notice, as they come: what a preview is made with. */
export function exampleValues(key: TemplateKey): Record<string, string | number> {
  return Object.fromEntries(Object.entries(definitionOf(key).variables).map(([name, type]) => [name, fitting(BY_NAME[name], type) ?? BY_TYPE[type]]))
}

function fitting(value: string | number | undefined, type: VariableType): string | number | undefined {
  return typeof value === (type === 'text' || type === 'time' ? 'string' : 'number') ? value : undefined
}
