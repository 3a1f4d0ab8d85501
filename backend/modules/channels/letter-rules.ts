import type { LetterResult } from '../../platform/gateways.ts'
import type { SwitchName } from '../../platform/settings-catalogue.ts'

export const LETTER_CHANNELS = ['email', 'sms'] as const
export type LetterChannel = (typeof LETTER_CHANNELS)[number]

/** The switch by which staff close a channel. */
export const CLOSED_BY = { email: 'emailsClosed', sms: 'smsClosed' } as const satisfies Record<LetterChannel, SwitchName>
/** Why an SMS is held back in its person's quiet hours. */
export const QUIET = 'quiet'
/** A letter is tried this often, then it has failed. */
export const LETTER_TRIES = 3
/** Claims that did not come to their end: a letter that kills its worker before its call ends too. */
export const LETTER_CLAIMS = 20
const FIRST_DELAY_SECONDS = 20
/** Who waits for a server that is away looks this often at least. */
const WAIT_SECONDS_MAX = 300

export type LetterOutcome =
  | { to: 'sent' }
  | { to: 'failed' | 'dropped'; reason: string }
  /** `isWait`: no try was spent. */
  | { to: 'later'; delaySeconds: number; reason: string; isWait?: true }

/**
 * What becomes of a letter after a call; `tries` counts this one, `waits` those that reached nobody, `leftSeconds` is what
 * is left of its life. A server that is away for an hour, that takes no more at the moment, or a password of ours that is
 * wrong, costs no letter: it waits, 20 s at first and up to 5 minutes, as long as it lives, never less than was asked for.
 */
export function decideLetter(letter: { tries: number; waits: number; leftSeconds: number }, result: LetterResult, random: () => number = Math.random): LetterOutcome {
  if (result.outcome === 'accepted') return { to: 'sent' }
  if (result.outcome === 'rejected') return { to: 'failed', reason: result.reason }
  const askedSeconds = (result.afterSeconds ?? 0) * (1 + random() / 10)
  if (result.isUnreached === true) {
    const growing = Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(letter.waits, 10), WAIT_SECONDS_MAX)
    // Once more before its life is over.
    const waitSeconds = Math.min(growing, Math.max(letter.leftSeconds / 2, FIRST_DELAY_SECONDS)) * (0.5 + random() / 2)
    return held(Math.max(waitSeconds, askedSeconds), letter.leftSeconds, result.reason)
  }
  if (letter.tries >= LETTER_TRIES) return { to: 'failed', reason: result.reason }
  // 20 s, then 80 s, half of it by chance.
  const backoffSeconds = FIRST_DELAY_SECONDS * 4 ** (letter.tries - 1)
  return postponed(Math.max(backoffSeconds * (0.5 + random() / 2), askedSeconds), letter.leftSeconds, result.reason)
}

/** Later, without a try. */
export function held(delaySeconds: number, leftSeconds: number, reason: string): LetterOutcome {
  const outcome = postponed(delaySeconds, leftSeconds, reason)
  return outcome.to === 'later' ? { ...outcome, isWait: true } : outcome
}

/** Later, unless it would come too late: nobody wants it then. */
function postponed(delaySeconds: number, leftSeconds: number, reason: string): LetterOutcome {
  return delaySeconds >= leftSeconds ? { to: 'dropped', reason: 'expired' } : { to: 'later', delaySeconds, reason }
}
