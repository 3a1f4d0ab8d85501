import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { ackPushes } from '../channels/index.ts'
import type { AcksBody } from './contract.ts'
import { markReadByKeys } from './inbox.ts'

/** What a person's device tells of pushes. Who opened one has read its notice: the inbox says so too. */
export async function ackNotices(ctx: Ctx, userId: string, { items }: AcksBody): Promise<void> {
  const acks = items.map(({ pushId, event, at }) => ({ pushId, event, atMs: at === undefined ? undefined : Date.parse(at) }))
  await transact(ctx, async (tx) => {
    const opened = await ackPushes(tx, userId, acks)
    await markReadByKeys(tx, userId, opened)
  })
}
