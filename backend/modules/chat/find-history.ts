import type { Ctx } from '../../platform/ctx.ts'
import { getPage, type Page } from './find-pages.ts'
import type { Message } from './contract.ts'

export type HistoryQuery = { afterSeq?: number | undefined; beforeSeq?: number | undefined; limit: number }
export type History = Omit<Page, 'messages'> & { items: Message[]; nextCursor: string | null }

/**
 * A page of a conversation in the order of `seq`: after a place, before one, or its newest. `nextCursor` is the next
 * `afterSeq` or `beforeSeq`. Throws `not_found` to who is no member.
 */
export async function findHistory(ctx: Ctx, userId: string, conversationId: string, query: HistoryQuery): Promise<History> {
  const place = query.afterSeq === undefined ? { beforeSeq: query.beforeSeq ?? Number.MAX_SAFE_INTEGER } : { afterSeq: query.afterSeq }
  const { messages, ...page } = await getPage(ctx.sql, { conversationId, userId, limit: query.limit, ...place }, ctx.settings.get('historyPageBytes'))
  const edge = 'afterSeq' in place ? messages.at(-1) : messages[0]
  return { items: messages, ...page, nextCursor: page.hasMore && edge !== undefined ? String(edge.seq) : null }
}
