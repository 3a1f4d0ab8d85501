import { z } from 'zod'
import { names } from '../audit/contract.ts'

const time = z.string().meta({ format: 'date-time' })
const id = z.string().meta({ format: 'uuid' })
const value = z.union([z.number(), z.boolean(), z.string(), z.array(z.union([z.number(), z.string()]))])

export const settingParams = z.strictObject({ key: z.string().min(1).max(64) })
const reason = z.string().trim().min(1).max(500)
const version = z.number().int().min(0)
/** `version`: the one that the caller has seen; once another stands it is a conflict. */
export const changeSettingBody = z.strictObject({ value, reason: reason.optional(), version: version.optional() })
/** Back to the default, or to the value that was in force before a change of the history. */
export const revertSettingBody = z.strictObject({ to: z.union([z.literal('default'), z.uuid()]), reason, version: version.optional() })
export const historyQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })

export const settingView = z.object({
  key: z.string(), value, default: value, type: z.enum(['int', 'int-list', 'flag', 'text', 'text-list']),
  group: z.string(), min: z.number().optional(), max: z.number().optional(), maxLength: z.number().optional(), unit: z.string().optional(), about: z.string(),
  version: z.number().int(), updatedAt: time.nullable(), updatedBy: id.nullable(),
})
/** `version` of the list: how many changes there have been of all settings; what a replica has of it says whether it has the last one. */
export const settingList = z.object({ items: z.array(settingView), nextCursor: z.null(), version: z.number().int(), names })
export type SettingList = z.output<typeof settingList>
export const historyList = z.object({
  items: z.array(z.object({ id, key: z.string(), oldValue: value.nullable(), newValue: value.nullable(), reason: z.string().nullable(), changedAt: time, changedBy: id.nullable() })),
  nextCursor: z.string().nullable(), names,
})
export type SettingView = z.output<typeof settingView>
export type HistoryList = z.output<typeof historyList>
/** Which replica goes by which settings. `hasAll`: by those that were stored when this was asked. */
export const replicaList = z.object({
  items: z.array(z.object({ id, host: z.string(), pid: z.number().int(), version: z.string(), settingsVersion: z.number().int(), seenAt: time, isAlive: z.boolean(), hasAll: z.boolean() })),
  nextCursor: z.null(), version: z.number().int(),
})
export type ReplicaList = z.output<typeof replicaList>

/** What staff can close at once: which of it is closed, since when, by whom and why. The reason is that of the last change. */
export const switchList = z.object({
  items: z.array(z.object({ key: z.string(), isThrown: z.boolean(), version: z.number().int(), changedAt: time.nullable(), changedBy: id.nullable(), reason: z.string().nullable() })),
  /** What people are told while a maintenance is on. */
  maintenance: z.object({ messages: z.object({ id: z.string(), en: z.string() }), until: time.nullable() }).nullable(),
  nextCursor: z.null(), names,
})
export type SwitchList = z.output<typeof switchList>
