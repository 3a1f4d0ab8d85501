import { z } from 'zod'

const time = z.string().meta({ format: 'date-time' })
const id = z.string().meta({ format: 'uuid' })
const value = z.union([z.number(), z.boolean(), z.string(), z.array(z.union([z.number(), z.string()]))])

export const settingParams = z.strictObject({ key: z.string().min(1).max(64) })
export const changeSettingBody = z.strictObject({ value, reason: z.string().trim().min(1).max(500).optional() })
export const historyQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })

export const settingView = z.object({
  key: z.string(), value, default: value, type: z.enum(['int', 'int-list', 'flag', 'text', 'text-list']),
  min: z.number().optional(), max: z.number().optional(), maxLength: z.number().optional(), unit: z.string().optional(), about: z.string(),
  version: z.number().int(), updatedAt: time.nullable(), updatedBy: id.nullable(),
})
export const settingList = z.object({ items: z.array(settingView), nextCursor: z.null() })
export const historyList = z.object({
  items: z.array(z.object({ id, key: z.string(), oldValue: value.nullable(), newValue: value.nullable(), reason: z.string().nullable(), changedAt: time, changedBy: id.nullable() })),
  nextCursor: z.string().nullable(),
})
export type SettingView = z.output<typeof settingView>
export type HistoryList = z.output<typeof historyList>
