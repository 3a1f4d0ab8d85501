import { z } from 'zod'

/** Who stands behind the ids of a reply: people as the asking role may see them, colleagues by name. Unknown ids are absent. */
export const names = z.record(z.string(), z.object({ name: z.string().nullable(), kind: z.enum(['customer', 'mitra', 'staff']) }))
export type Names = z.output<typeof names>
