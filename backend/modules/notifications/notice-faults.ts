import type { Ctx, Tx } from '../../platform/ctx.ts'
import type { NoticeFault } from './render-notice.ts'

type Listener = (ctx: Ctx, faults: readonly NoticeFault[]) => void

const listeners = new WeakMap<object, Listener>()
/** A template whose words can't be shown is given a thousand times an hour: the log has it once, the metric counts. */
const logged = new Set<string>()

/** One listener a replica; it hears of faults once what they are of is committed. */
export function onNoticeFaults(ctx: Pick<Ctx, 'pool'>, listener: Listener): void {
  listeners.set(ctx.pool, listener)
}

/** Tells of words that could not be shown, once the notice is committed: somebody has read others in their place. */
export function reportFaults(tx: Tx, faults: readonly NoticeFault[]): void {
  if (faults.length > 0) tx.afterCommit((ctx) => countFaults(ctx, faults))
}

/** The same at once, where nothing is to be committed. */
export function countFaults(ctx: Ctx, faults: readonly NoticeFault[]): void {
  if (faults.length === 0) return
  for (const fault of faults) {
    ctx.metrics.noticeFaults.inc({ template: fault.template, reason: fault.reason })
    const key = `${fault.template} ${fault.reason}`
    if (logged.has(key)) continue
    logged.add(key)
    ctx.log.warn({ fault }, 'the words of a notice could not be shown as they are written')
  }
  listeners.get(ctx.pool)?.(ctx, faults)
}
