import type { Ctx } from '../../platform/ctx.ts'
import { getPage, type Page } from './find-pages.ts'
import type { Change, Message } from './contract.ts'

export type HistoryQuery = { afterSeq?: number | undefined; afterChange?: number | undefined; beforeSeq?: number | undefined; cursor?: number | undefined; limit: number }
export type History = Omit<Page, 'messages' | 'changes'> & { items: Message[]; changes?: Change[]; nextCursor: string | null }

/**
 * A page of a conversation in the order of `seq`: after a place, before one, or its newest. `nextCursor` given back as
 * `cursor` (or in place of `afterSeq` or `beforeSeq`) goes on in the same direction. With `afterChange` it is a page of
 * `sync`, with the changes after that: one goes on from the last of them while `hasMore`. Throws `not_found` to who is
 * no member.
 */
export async function findHistory(ctx: Ctx, userId: string, conversationId: string, query: HistoryQuery): Promise<History> {
  const { afterSeq, afterChange, beforeSeq, cursor } = query
  const place = afterSeq === undefined ? { beforeSeq: cursor ?? beforeSeq ?? Number.MAX_SAFE_INTEGER } : { afterSeq: cursor ?? afterSeq, afterChange }
  const { messages, changes, ...page } = await getPage(ctx.sql, { conversationId, userId, limit: query.limit, ...place }, ctx.settings.get('historyPageBytes'))
  const edge = 'afterSeq' in place ? messages.at(-1) : messages[0]
  return { items: messages, ...(afterChange === undefined ? {} : { changes }), ...page, nextCursor: page.hasMore && edge !== undefined ? String(edge.seq) : null }
}
