import { createHash } from 'node:crypto'
import type { Ctx } from '../../platform/ctx.ts'
import type { CaseView } from './contract.ts'
import { findAlerts, listenForAlerts } from './queries.ts'

export type Alerts = { items: CaseView[]; version: string }
export type AlertBoard = {
  /** The alerts; with the `version` that the caller has it waits until they are others, or the time is over. */
  read(wish: { version?: string | undefined; waitSeconds: number }): Promise<Alerts>
  /** Whoever waits is answered at once, from now on. */
  stop(): void
}

/** What pub/sub loses is found by looking this often, while somebody waits. */
const LOOK_MS = 2000

/** Crises that nobody has taken, for screens that stay open: each answer is whole, so nothing can be missed between two. */
export function createAlertBoard(ctx: Ctx): AlertBoard {
  const waiting = new Set<() => void>()
  let isStopped = false
  const wake = () => {
    for (const resume of waiting) resume()
  }
  const stopListening = listenForAlerts(ctx, wake)
  const pause = (ms: number) => new Promise<void>((resolve) => {
    const resume = () => {
      clearTimeout(timer)
      waiting.delete(resume)
      resolve()
    }
    const timer = setTimeout(resume, ms)
    waiting.add(resume)
  })
  const look = async (): Promise<Alerts> => {
    const items = await findAlerts(ctx.sql, ctx.settings)
    const state = items.map(({ id, escalations, lastAt }) => [id, escalations, lastAt])
    return { items, version: createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22) }
  }
  return {
    async read({ version, waitSeconds }) {
      const until = performance.now() + waitSeconds * 1000
      for (;;) {
        const alerts = await look()
        const leftMs = until - performance.now()
        if (version !== alerts.version || leftMs <= 0 || isStopped) return alerts
        await pause(Math.min(LOOK_MS, leftMs))
      }
    },
    stop() {
      isStopped = true
      stopListening()
      wake()
    },
  }
}
