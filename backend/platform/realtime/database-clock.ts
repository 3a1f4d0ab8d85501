import { sql } from '../drizzle.ts'
import type { Ctx } from '../ctx.ts'
import type { Queryable } from '../database.ts'

/** The database's time, as this process can tell it between two looks: what clients set their clocks by. */
export type DatabaseClock = {
  /** Asks, and keeps the answer. Milliseconds. */
  read(handle: Queryable): Promise<number>
  /** The last answer and the time since; asks again when it is old. Falls back to the process's clock. */
  estimate(): Promise<number>
}

const OLD_MS = 2500
const ASK_TIMEOUT_MS = 1000

export function createDatabaseClock(ctx: Ctx): DatabaseClock {
  let known: { databaseMs: number; atMs: number } | undefined
  let asking: Promise<number | undefined> | undefined

  const read = async (handle: Queryable) => {
    const sentMs = performance.now()
    const { rows } = await handle.execute<{ now: string }>(sql`select app_now() as now`)
    const atMs = performance.now()
    const databaseMs = new Date(rows[0]!.now).getTime()
    known = { databaseMs: databaseMs + (atMs - sentMs) / 2, atMs }
    return databaseMs
  }
  const ask = async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const giveUp = setTimeout(resolve, ASK_TIMEOUT_MS, undefined)
    const answer = await Promise.race([promise, read(ctx.sql).catch(() => undefined)])
    clearTimeout(giveUp)
    asking = undefined
    return answer
  }
  return {
    read,
    async estimate() {
      if (known !== undefined && performance.now() - known.atMs < OLD_MS) return Math.round(known.databaseMs + performance.now() - known.atMs)
      return (await (asking ??= ask())) ?? ctx.clock.nowMs()
    },
  }
}
