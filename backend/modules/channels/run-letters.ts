import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { LetterResult } from '../../platform/gateways.ts'
import { findPhones } from '../identity/index.ts'
import { CODE } from './address-letters.ts'
import { beginLetters, claimLetters, settleLetters, type ClaimedLetter } from './claim-letters.ts'
import { findAddresses, markUndeliverable, readAddress, type Address } from './addresses.ts'
import { codeOf } from './email-codes.ts'
import { findReach, type Reach } from './find-reach.ts'
import { KINDS, type KindOf } from './kinds.ts'
import { layMail } from './lay-mail.ts'
import { decideLetter, LETTER_CLAIMS, LETTER_TRIES, held, type LetterChannel, type LetterOutcome } from './letter-rules.ts'
import { LETTER_QUEUES } from './queue-letters.ts'
import { quietUntil } from './quiet-hours.ts'

/** Called at once: what one mail server takes from one client. */
const BATCH = 4
/** Workers have their chance first while Valkey is up. */
const WAITED_SECONDS = 2

type Known = { reach: Reach | undefined; address: Address | undefined; phone: string | undefined }
type Done = { letter: ClaimedLetter; outcome: LetterOutcome; isDead?: boolean }
type Turn = { isAskedAgain: boolean; done: Promise<number> }
/** By channel: a mail server that hangs keeps no SMS waiting. */
const turns: Record<LetterChannel, WeakMap<object, Turn>> = { email: new WeakMap(), sms: new WeakMap() }

/**
 * Sends what is due of a channel until nothing is, or until after what is under way once `stopping` is aborted; one turn
 * at a time a replica, because its mail server takes only so many at once. Answers how many.
 */
export function runLetters(ctx: Ctx, channel: LetterChannel, stopping?: AbortSignal): Promise<number> {
  return takeTurn(ctx, channel, 0, stopping)
}

/** The same for letters that no worker has sent: what Valkey lost, and what is tried again. */
export async function sweepLetters(ctx: Ctx, channel: LetterChannel, stopping?: AbortSignal): Promise<number> {
  if (turns[channel].has(ctx.gateways)) return 0
  const count = await takeTurn(ctx, channel, ctx.valkey.isUp() ? WAITED_SECONDS : 0, stopping)
  if (count > 0) ctx.metrics.sweepRescues.inc({ what: 'letters' }, count)
  return count
}

function takeTurn(ctx: Ctx, channel: LetterChannel, waitedSeconds: number, stopping: AbortSignal | undefined): Promise<number> {
  const under = turns[channel].get(ctx.gateways)
  if (under) {
    under.isAskedAgain = true
    return under.done
  }
  const turn: Turn = { isAskedAgain: false, done: Promise.resolve(0) }
  turns[channel].set(ctx.gateways, turn)
  turn.done = drain(ctx, channel, waitedSeconds, turn, stopping)
  return turn.done
}

async function drain(ctx: Ctx, channel: LetterChannel, waitedSeconds: number, turn: Turn, stopping: AbortSignal | undefined): Promise<number> {
  let total = 0
  try {
    for (let waited = waitedSeconds; ;) {
      if (stopping?.aborted === true) break
      turn.isAskedAgain = false
      const letters = await claimLetters(ctx, channel, BATCH, waited)
      if (letters.length > 0) await runBatch(ctx, letters)
      total += letters.length
      // Whoever asked meanwhile may have committed after this claim had looked.
      if (turn.isAskedAgain) waited = 0
      else if (letters.length < BATCH) break
    }
    return total
  } finally {
    turns[channel].delete(ctx.gateways)
  }
}

async function runBatch(ctx: Ctx, letters: readonly ClaimedLetter[]): Promise<void> {
  crashPoint('letter.claimed')
  const known = await lookUp(ctx, letters)
  const judged = letters.map((letter) => ({ letter, known: known(letter), outcome: judge(ctx, letter, known(letter)) }))
  const { ours, overCap } = await beginLetters(ctx, judged.filter(({ outcome }) => outcome === undefined).map(({ letter }) => letter))
  crashPoint('letter.begun')
  const done = (await Promise.all(judged.map(async ({ letter, known: about, outcome }): Promise<Done | undefined> => {
    if (outcome) return { letter, outcome }
    const cap = overCap.get(letter.id)
    if (cap !== undefined) return { letter, outcome: { to: 'dropped', reason: cap } }
    // Stopped beyond its claim: whoever follows decides.
    if (!ours.has(letter.id)) return undefined
    const result = await send(ctx, letter, about)
    return { letter, outcome: decideLetter({ tries: letter.tries + 1, waits: letter.waits, leftSeconds: letter.leftSeconds }, result), isDead: result.outcome === 'rejected' && result.isDead === true }
  }))).filter((one) => one !== undefined)
  crashPoint('letter.sent')
  await settleLetters(ctx, done)
  await markUndeliverable(ctx, done.flatMap(({ letter, isDead }) => (isDead === true && letter.channel === 'email' ? [{ userId: letter.userId, challengeId: letter.challengeId, hash: known(letter).address?.hash }] : [])))
  for (const { letter, outcome } of done) tell(ctx, letter, outcome)
}

async function lookUp(ctx: Ctx, letters: readonly ClaimedLetter[]): Promise<(letter: ClaimedLetter) => Known> {
  const idsOf = (channel: ClaimedLetter['channel']) => letters.filter((letter) => letter.channel === channel).map(({ userId }) => userId)
  const [reach, addresses, phones] = await Promise.all([
    findReach(ctx.sql, letters.map(({ userId }) => userId)), findAddresses(ctx.sql, idsOf('email')), findPhones(ctx.sql, ctx, idsOf('sms')),
  ])
  return ({ userId, toEncrypted }) => ({
    reach: reach.get(userId), phone: phones.get(userId),
    address: toEncrypted ? { encrypted: toEncrypted, hash: undefined, isUndeliverable: false } : addresses.get(userId),
  })
}

/** What becomes of a letter without a call; undefined: it is to be sent. */
function judge(ctx: Ctx, letter: ClaimedLetter, { reach, address, phone }: Known): LetterOutcome | undefined {
  const dropped = (reason: string): LetterOutcome => ({ to: 'dropped', reason })
  if (letter.leftSeconds <= 0) return dropped('expired')
  if (letter.tries >= LETTER_TRIES || letter.attempts - letter.waits > LETTER_CLAIMS) return { to: 'failed', reason: 'too_many_tries' }
  if (!reach || reach.erased) return dropped('erased')
  if (letter.channel === 'email') {
    if (!ctx.gateways.mail.enabled) return dropped('email_disabled')
    if (!address) return dropped('no_address')
    return address.isUndeliverable ? dropped('undeliverable') : undefined
  }
  if (!ctx.gateways.sms.enabled) return dropped('sms_disabled')
  if (phone === undefined) return dropped('no_address')
  if (!ctx.settings.get('smsPrefixes').some((prefix) => phone.startsWith(prefix))) return dropped('sms_prefix')
  if (reach.quiet === null || isCritical(letter.kind)) return undefined
  const nowMs = ctx.clock.nowMs()
  const untilMs = quietUntil(nowMs, reach.timeZone, reach.quiet)
  return untilMs === undefined ? undefined : held((untilMs - nowMs) / 1000, letter.leftSeconds, 'quiet')
}

function isCritical(kind: string): boolean {
  const known: Partial<Record<string, KindOf>> = KINDS
  // Unknown: a kind of another version of the service.
  return known[kind]?.critical ?? false
}

function send(ctx: Ctx, letter: ClaimedLetter, { reach, address, phone }: Known): Promise<LetterResult> {
  const { userId, kind, challengeId } = letter
  const whole = (words: string) => (challengeId === undefined ? words : words.replaceAll(CODE, codeOf(ctx.env, challengeId)))
  const text = whole(letter.text)
  if (letter.channel === 'sms') return ctx.gateways.sms.send({ to: phone ?? '', text, reference: letter.id })
  const subject = whole(letter.subject ?? '')
  const mail = layMail(ctx.env, { userId, kind, subject, text, language: reach?.language ?? 'id', isUnproven: challengeId !== undefined })
  return ctx.gateways.mail.send({ id: letter.id, to: address ? readAddress(ctx.env, address.encrypted) : '', subject, ...mail })
}

function tell(ctx: Ctx, letter: ClaimedLetter, outcome: LetterOutcome): void {
  const { channel, id, template } = letter
  ctx.metrics.letters.inc({ channel, result: outcome.to === 'dropped' || outcome.to === 'failed' ? outcome.reason : outcome.to })
  if (outcome.to === 'later') ctx.enqueue(LETTER_QUEUES[channel], id, { delayMs: outcome.delaySeconds * 1000 })
  else if (outcome.to !== 'sent') ctx.log.info({ letterId: id, channel, template, state: outcome.to, reason: outcome.reason, tries: letter.tries }, 'a letter was not delivered')
}
