import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const text = (most: number) => z.string().trim().min(1).max(most).refine((value) => !value.includes('\0') && value.isWellFormed(), { message: 'is not text' })

/** A page of the control center as its address names it: `sessions`, `mitras`. */
const page = z.string().regex(/^[a-z][a-z-]{0,39}$/, 'is not the name of a page')
/** What stands in the page's address: values as there, several of one name as a list. */
const filters = z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'is not the name of a filter'), z.union([text(200), z.array(text(200)).min(1).max(20)]))
  .refine((all) => Object.keys(all).length <= 20, { message: 'are at most 20' })
export type Filters = z.output<typeof filters>

export const viewsQuery = z.strictObject({ page })
export const createViewBody = z.strictObject({ page, name: text(60), filters, shared: z.boolean().default(false) })
export type CreateView = z.output<typeof createViewBody>
export const changeViewBody = z.strictObject({ name: text(60), filters, shared: z.boolean() }).partial()
  .refine((body) => Object.keys(body).length > 0, { message: 'says nothing to change' })
export type ChangeView = z.output<typeof changeViewBody>

/** `ownerName` of somebody else’s that is shown to everybody; only its owner changes it. */
export const savedView = z.object({ id, page: z.string(), name: z.string(), filters: z.record(z.string(), z.union([z.string(), z.array(z.string())])), shared: z.boolean(), isOwn: z.boolean(), ownerName: z.string(), updatedAt: time })
export type SavedView = z.output<typeof savedView>
export const savedViewList = z.object({ items: z.array(savedView), nextCursor: z.null() })
export const savedViewReply = z.object({ view: savedView })
