import { z } from 'zod'
import { names } from '../audit/contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const kind = z.enum(['crisis', 'contact', 'except'])
const language = z.enum(['id', 'en'])

/** `{a|b}` is either; `~` at the end allows Indonesian particles. `shipped`: it came with the service, and staff may switch it off. */
export const termView = z.object({ kind, language, term: z.string(), active: z.boolean(), shipped: z.boolean(), updatedAt: time.nullable(), updatedBy: id.nullable() })
export type TermView = z.output<typeof termView>
export const termList = z.object({ items: z.array(termView), nextCursor: z.string().nullable(), names })
export type TermList = z.output<typeof termList>
export const termReply = z.object({ term: termView })
/** What a term may look like; whether it can be used at all is asked of the automaton. */
export const termText = z.string().trim().toLowerCase().min(4).max(200).regex(/^[^\p{Cc}{}]*(?:\{[^\p{Cc}{}]+\}[^\p{Cc}{}]*)*$/u, 'has braces that do not match')
const reason = z.string().trim().min(1).max(500)
export const termBody = z.strictObject({ kind, language, active: z.boolean(), term: termText, reason })
export const termHistoryQuery = z.strictObject({
  kind: kind.optional(), term: z.string().trim().toLowerCase().min(1).max(200).optional(), limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(),
}).refine((query) => (query.kind === undefined) === (query.term === undefined), { path: ['term'], message: 'stands with its kind' })
export type TermHistoryQuery = z.output<typeof termHistoryQuery>
export const termHistory = z.object({
  items: z.array(z.object({ id, kind, term: z.string(), language, active: z.boolean(), reason: z.string(), changedBy: id, changedAt: time })), nextCursor: z.string().nullable(), names,
})
export type TermHistory = z.output<typeof termHistory>
/** A term a line; empty lines are passed over. With `dryRun` nothing is stored. */
export const importBody = z.strictObject({ kind, language, lines: z.array(z.string().max(500)).min(1).max(500), reason, dryRun: z.boolean().default(false) })
export type ImportBody = z.output<typeof importBody>
/** `line` counts from 1. Nothing is stored (`stored: 0`) while one line is refused. `known`: it is in force already, or came twice. */
export const importReply = z.object({
  items: z.array(z.object({ line: z.number().int(), term: z.string(), verdict: z.enum(['new', 'known', 'refused']), message: z.string().nullable() })), stored: z.number().int(),
})
export type ImportReply = z.output<typeof importReply>
/** With `term` the text is read as if that term stood in the lexicon too. */
export const checkBody = z.strictObject({ text: z.string().min(1).max(16_000), term: z.strictObject({ kind, term: termText }).optional() })
export type CheckBody = z.output<typeof checkBody>
/** What a message of this text would cause, how it is stored while `maskContacts` is on, and which terms (and exceptions) are found in it. */
export const checkReply = z.object({ kinds: z.array(z.string()), masked: z.string(), matches: z.array(z.object({ kind, term: z.string() })) })
export type CheckReply = z.output<typeof checkReply>
