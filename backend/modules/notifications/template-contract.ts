import { z } from 'zod'
import { names } from '../audit/contract.ts'
import { LANGUAGES } from '../identity/contract.ts'
import { PARTS, type Part } from './template-parts.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const language = z.enum(LANGUAGES)
const part = z.enum(PARTS)
const key = z.string().min(1).max(64)
const reason = z.string().trim().min(1).max(500)
const seen = z.number().int().min(0)
const text = z.string().max(8000)
const each = <T extends z.ZodType>(of: T) => Object.fromEntries(PARTS.map((one) => [one, of])) as Record<Part, T> // the keys are all parts

export const templateParams = z.strictObject({ key })
export const templateTextParams = z.strictObject({ key, language })
/** Parts that are absent, null or empty are the service's own. */
const written = z.strictObject(each(text.nullish()))
/** `version`: the one that the caller has seen; once another stands it is a conflict. */
export const changeTemplateBody = z.strictObject({ parts: written, version: seen, reason })
/** Back to what the service came with, or to a version of the history. */
export const restoreTemplateBody = z.strictObject({ to: z.union([z.literal('standard'), z.number().int().min(1)]), version: seen, reason })
/** `variables`: instead of the examples; null leaves one out, as if nobody had given it. */
export const previewTemplateBody = z.strictObject({ parts: written, variables: z.record(z.string().min(1).max(64), z.union([z.string().max(500), z.number().min(-1e15).max(1e15)]).nullable()).default({}) })
export const templateHistoryQuery = z.strictObject({ language, limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.coerce.number().int().min(1).optional() })

const parts = z.object(each(z.string().nullable()))
/** `reason`: missing_variable most of all; `variable` is empty where none is to blame. Version 0 is the service's own text. */
const fault = z.object({ language, version: z.number().int(), part, reason: z.string(), variable: z.string(), count: z.number().int(), firstAt: time, lastAt: time })
const state = z.object({ language, version: z.number().int(), isWritten: z.boolean(), changedAt: time.nullable(), changedBy: id.nullable() })

/** `channels`: where it can go by its kind; `isSensitive`: a push says less than the inbox, because others read a locked screen. `titles`: as people read them now, with the examples. */
const summary = z.object({ key: z.string(), kind: z.string(), channels: z.array(z.enum(['inbox', 'push', 'email', 'sms'])), isSensitive: z.boolean(), faults: z.number().int(), titles: z.object({ id: z.string(), en: z.string() }) })
export const templateList = z.object({ items: z.array(summary.extend({ languages: z.array(state) })), nextCursor: z.null(), names })
export type TemplateList = z.output<typeof templateList>
/** `written`: what staff wrote, part by part; `standard`: what the service came with; `usable`: the parts that this notice has. */
export const templateView = summary.extend({
  variables: z.array(z.object({ name: z.string(), type: z.enum(['text', 'count', 'money', 'time']), example: z.union([z.string(), z.number()]) })), usable: z.array(part),
  languages: z.array(state.extend({ reason: z.string().nullable(), written: parts, standard: parts })), missing: z.array(fault), names,
})
export type TemplateView = z.output<typeof templateView>

export const templateHistory = z.object({
  items: z.array(z.object({ version: z.number().int(), isCurrent: z.boolean(), parts, changed: z.array(part), reason: z.string(), changedAt: time, changedBy: id })), nextCursor: z.number().int().nullable(), names,
})
export type TemplateHistory = z.output<typeof templateHistory>

/** `code` with the place: `syntax` and `unknown_variable` and the like (`errors`: it would be refused) or what is worth a look (`warnings`). */
const remark = z.object({ part, code: z.string(), variable: z.string().optional(), message: z.string() })
export const templatePreview = z.object({
  inbox: z.object({ title: z.string(), body: z.string() }).nullable(),
  /** On a locked screen. */
  push: z.object({ title: z.string(), body: z.string() }).nullable(),
  /** As it is sent, frame and all; `html` loads nothing. */
  email: z.object({ subject: z.string(), text: z.string(), html: z.string() }).nullable(),
  /** `segments`: what one costs, as networks count them. */
  sms: z.object({ text: z.string(), segments: z.number().int() }).nullable(),
  errors: z.array(remark), warnings: z.array(remark),
  /** What could not be shown with these variables: people would read the next text in the order instead (the service's own, the Indonesian one, the general one of the kind). */
  faults: z.array(z.object({ part, language, by: z.enum(['staff', 'built_in']), reason: z.string(), variable: z.string().nullable() })),
})
export type TemplatePreview = z.output<typeof templatePreview>
