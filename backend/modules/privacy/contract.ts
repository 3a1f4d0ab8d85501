import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })

/** `forfeit`: money and credit that are left in the wallet are given up; without it they are in the way. */
export const eraseBody = z.strictObject({ forfeit: z.boolean().default(false) })
export const erasureReply = z.object({
  erasure: z.object({ userId: id, state: z.enum(['waiting', 'erased', 'done']), askedAt: time, erasedAt: time.nullable() })
    .meta({ description: '`waiting`: a session that has not begun is being given up first; it goes on by itself. `erased`: the account is gone, words are being taken out of messages. `done`: nothing is left to do.' }),
})

export const personParams = z.strictObject({ id: z.uuid() })
const reason = z.string().trim().min(1).max(500).refine((text) => !text.includes('\0') && text.isWellFormed(), { message: 'is not text' })
export const eraseByStaffBody = z.strictObject({ reason, forfeit: z.boolean().default(false) })
export const exportByStaffBody = z.strictObject({ reason })
