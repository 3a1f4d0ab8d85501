import type { Ctx } from '../../platform/ctx.ts'
import type { ClaimedPush } from './claim-pushes.ts'

/** What a hook may know of a push that is about to be sent. */
export type DuePush = Readonly<Pick<ClaimedPush, 'id' | 'userId' | 'kind' | 'priority' | 'tag' | 'dedupeKey' | 'title' | 'body' | 'data' | 'tries' | 'createdAt' | 'isCritical' | 'leftSeconds'>>

/**
 * What becomes of a push right before its call: `drop` it (the reason stands in the row), `holdSeconds`: ask again later,
 * or other words (they are sent and never stored), more `data`, `quiet`: shown without a sound, `keepSeconds`: FCM keeps it
 * no longer for a phone that is off.
 */
export type PushVerdict = { drop: string } | { holdSeconds: number; reason: string } | { title?: string; body?: string; data?: Record<string, string>; quiet?: true; keepSeconds?: number }

/** Asked once for all due pushes of its kind; those it says nothing of are sent as they are. */
export type PushHook = (ctx: Ctx, pushes: readonly DuePush[]) => Promise<ReadonlyMap<string, PushVerdict>>

/** By kind, and under `all` those that are asked for every kind, before the kind's own. Modules below the channels can't know them: `worker.ts` names them. */
export type PushHooks = { all?: readonly PushHook[]; byKind?: Readonly<Record<string, PushHook>> }

type Words = { title: string; body: string; data: Record<string, string>; quiet: boolean; keepSeconds: number }
export type Verdicts = {
  verdictOf(push: DuePush): { drop: string } | { holdSeconds: number; reason: string } | Words | undefined
}

/** Asks all hooks of these pushes, each once. A push whose hook failed has no verdict: it is not sent now, and asked about again when its claim is over. */
export async function askHooks(ctx: Ctx, hooks: PushHooks, pushes: readonly DuePush[]): Promise<Verdicts> {
  const asked = [
    ...(hooks.all ?? []).map((hook) => ({ hook, of: pushes })),
    ...[...Map.groupBy(pushes, (push) => push.kind)].flatMap(([kind, of]) => {
      const hook = hooks.byKind?.[kind]
      return hook ? [{ hook, of }] : []
    }),
  ].filter(({ of }) => of.length > 0)
  const failed = new Set<string>()
  const said = new Map<string, PushVerdict[]>()
  await Promise.all(asked.map(async ({ hook, of }) => {
    try {
      for (const [id, verdict] of await hook(ctx, of)) said.set(id, [...(said.get(id) ?? []), verdict])
    } catch (error) {
      for (const push of of) failed.add(push.id)
      ctx.log.error({ err: error, pushes: of.length, kind: of[0]!.kind }, 'pushes could not be asked about before their call')
    }
  }))
  return {
    verdictOf(push) {
      if (failed.has(push.id)) return undefined
      const verdicts = said.get(push.id) ?? []
      return verdicts.find((verdict) => 'drop' in verdict) ?? verdicts.find((verdict) => 'holdSeconds' in verdict) ?? wordsOf(push, verdicts)
    },
  }
}

function wordsOf(push: DuePush, verdicts: readonly PushVerdict[]): Words {
  const words: Words = { title: push.title, body: push.body, data: push.data, quiet: false, keepSeconds: Infinity }
  for (const verdict of verdicts) {
    if ('drop' in verdict || 'holdSeconds' in verdict) continue
    words.title = verdict.title ?? words.title
    words.body = verdict.body ?? words.body
    words.data = { ...words.data, ...verdict.data }
    words.quiet ||= verdict.quiet === true
    words.keepSeconds = Math.min(words.keepSeconds, verdict.keepSeconds ?? Infinity)
  }
  return words
}
