import type { Ctx } from '../../platform/ctx.ts'
import { LEXICON_CHANNEL } from './change-term.ts'
import { createReader, type Reader } from './screen-text.ts'
import { findTerms, shippedTerms } from './terms.ts'
import type { TermView } from './contract.ts'
import type { Screen } from './types.ts'

/** The lexicon in force on this replica. `screen` asks nobody and waits for nothing. */
export type Lexicon = { screen: Screen; explain: Reader['explain']; start(): Promise<void>; stop(): Promise<void> }

const REREAD_MS = 15_000
const here = new WeakMap<object, () => Promise<void>>()

/** Brings a change into force on this replica now; others hear of it. */
export async function refreshLexicon(ctx: Ctx): Promise<void> {
  await here.get(ctx.valkey)?.()
}

/**
 * Begins with what is shipped, and is compiled again whenever the terms have changed: told by pub/sub, and looked for
 * slowly in case that was lost. What can't be read leaves the one before in force.
 */
export function createLexicon(ctx: Ctx): Lexicon {
  let inForce = shippedScreen()
  let known = keyOf(shippedTerms())
  let reading: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const read = async () => {
    const terms = await findTerms(ctx.sql)
    const key = keyOf(terms)
    if (key === known) return
    inForce = compiled(terms)
    known = key
  }
  // One reading after another: an older answer never replaces a newer one.
  const refresh = () => (reading = reading.then(read).catch((error: unknown) => ctx.log.warn({ err: error }, 'the lexicon could not be read')))

  return {
    screen: (text) => inForce.screen(text),
    explain: (text) => inForce.explain(text),
    async start() {
      here.set(ctx.valkey, refresh)
      ctx.valkey.subscribe(LEXICON_CHANNEL, () => void refresh())
      ctx.valkey.onConnect(() => void refresh())
      timer ??= setInterval(() => void refresh(), REREAD_MS).unref()
      await refresh()
    },
    async stop() {
      here.delete(ctx.valkey)
      clearInterval(timer)
      await reading
    },
  }
}

// Compiled once a process, however many replicas a test has in it.
let ofShipped: Reader | undefined
const shippedScreen = (): Reader => (ofShipped ??= compiled(shippedTerms()))
const inUse = (terms: readonly TermView[]) => terms.filter(({ active }) => active)
const keyOf = (terms: readonly TermView[]) => JSON.stringify(inUse(terms).map(({ kind, term }) => [kind, term]))
const compiled = (terms: readonly TermView[]) => createReader(inUse(terms).map(({ kind, term }) => ({ kind, text: term })))
