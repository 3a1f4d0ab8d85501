import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })

/** A whole phone number (for roles that see numbers), an id of anything, the provider's id of an invoice, or part of a name. */
export const searchQuery = z.strictObject({ q: z.string().trim().min(1).max(100) })
/** `state`: how it stands, by the name that its own list gives it. */
export const searchReply = z.object({
  items: z.array(z.object({ kind: z.enum(['customer', 'mitra', 'session', 'payment']), id, title: z.string(), subtitle: z.string(), state: z.string() })),
})
export type SearchReply = z.output<typeof searchReply>
export type SearchHit = SearchReply['items'][number]
