import { coalesce } from '../../platform/coalesce.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { SignedIn } from '../../platform/realtime/connection.ts'
import { begin, reached } from '../../platform/realtime/marks.ts'
import { changeStream } from './change-message.ts'
import { findPages, type Page, type PageAsk } from './find-pages.ts'

const PAGE_MESSAGES = 100
/** Pages of one statement: each may have 100 long messages. */
const PAGES_AT_ONCE = 8
/** Pages read ahead for one socket: should it take nothing, they wait for it. */
const PAGES_AHEAD = 4
const LANES = 3
/** Above this the next page waits until the client has taken the last one. */
const BUFFERED_BYTES = 64 * 1024

export type SyncAsk = { id: string; afterSeq: number; afterChange?: number | undefined }
export type Sync = (connection: SignedIn, asks: readonly SyncAsk[]) => Promise<void>

/** Answers `sync`: one page a conversation, at the pace at which the client reads. A herd's pages are read together. */
export function createSync(ctx: Ctx): Sync {
  const find = coalesce<PageAsk, Page | undefined>({
    lanes: LANES, most: PAGES_AT_ONCE,
    run: (asks) => findPages(ctx.sql, asks, ctx.settings.get('historyPageBytes')),
  })
  return async (connection, asks) => {
    for (let from = 0; from < asks.length && connection.isOpen; from += PAGES_AHEAD) {
      const some = asks.slice(from, from + PAGES_AHEAD)
      const pages = await Promise.all(some.map((ask) => find({ conversationId: ask.id, userId: connection.actor.id, afterSeq: ask.afterSeq, afterChange: ask.afterChange, limit: PAGE_MESSAGES })))
      for (const [at, page] of pages.entries()) await answer(ctx, connection, some[at]!, page)
    }
  }
}

async function answer(ctx: Ctx, connection: SignedIn, ask: SyncAsk, page: Page | undefined): Promise<void> {
  if (page === undefined) {
    connection.sendError('not_found', 'There is no such conversation.', 'sync', { conversationId: ask.id })
    return
  }
  ctx.metrics.resumes.inc({ missed: page.messages.length > 0 ? 'some' : 'none' })
  const text = JSON.stringify({ type: 'conversation:synced', conversationId: ask.id, ...page })
  const last = page.messages.at(-1)
  const lastChange = ask.afterChange === undefined ? undefined : page.changes.at(-1)?.change ?? page.headChange
  // What it has by this page needs no healing; conversations that can't change any more are not followed.
  if (connection.marks !== undefined && reached(connection.marks, ask.id) !== undefined) {
    if (last !== undefined) begin(connection.marks, ask.id, last.seq)
    if (lastChange !== undefined) begin(connection.marks, changeStream(ask.id), lastChange)
  }
  if (connection.bufferedBytes > BUFFERED_BYTES || text.length > BUFFERED_BYTES / 4) await connection.sendPage(text)
  else connection.send(text)
}
