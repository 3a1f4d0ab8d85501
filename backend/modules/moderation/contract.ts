import { z } from 'zod'

const kind = z.enum(['crisis', 'contact', 'except'])
const language = z.enum(['id', 'en'])

/** `{a|b}` is either; `~` at the end allows Indonesian particles. `shipped`: it came with the service, and staff may switch it off. */
export const termView = z.object({ kind, language, term: z.string(), active: z.boolean(), shipped: z.boolean(), updatedAt: z.string().meta({ format: 'date-time' }).nullable() })
export type TermView = z.output<typeof termView>
export const termList = z.object({ items: z.array(termView), nextCursor: z.string().nullable() })
export const termReply = z.object({ term: termView })
export const termBody = z.strictObject({
  kind, language, active: z.boolean(),
  term: z.string().trim().toLowerCase().min(4).max(200).regex(/^[^\p{Cc}{}]*(?:\{[^\p{Cc}{}]+\}[^\p{Cc}{}]*)*$/u, 'has braces that do not match'),
  reason: z.string().trim().min(1).max(500),
})
export const checkBody = z.strictObject({ text: z.string().min(1).max(16_000) })
/** What a message of this text would cause, and how it is stored while `maskContacts` is on. */
export const checkReply = z.object({ kinds: z.array(z.string()), masked: z.string() })
