import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { sql, type SQL } from '../../platform/drizzle.ts'
import type { LetterResult } from '../../platform/gateways.ts'
import { findSealedPhones, readPhone } from '../identity/index.ts'
import { CODE } from './address-letters.ts'
import { areClaimable, beginLetters, claimLetters, settleLetters, type ClaimedLetter } from './claim-letters.ts'
import { findAddresses, markUndeliverable, readAddress } from './addresses.ts'
import { codeOf } from './email-codes.ts'
import { areLettersExpired, expireLetters } from './expire-letters.ts'
import { findReach, type Reach } from './find-reach.ts'
import { KINDS, type Kind } from './kinds.ts'
import { DIGEST, layMail } from './lay-mail.ts'
import { CLOSED_BY, decideLetter, LETTER_CLAIMS, LETTER_TRIES, held, QUIET, type LetterChannel, type LetterOutcome } from './letter-rules.ts'
import { LETTER_QUEUES } from './queue-letters.ts'
import { quietUntil } from './quiet-hours.ts'
import { wants } from './wants.ts'

/** Called at once: what one mail server takes from one client. */
const BATCH = 4
/** Where a sweep took so many, there may be more. */
export const LETTERS_SWEPT = 500
/** Workers have their chance first while Valkey is up. */
const WAITED_SECONDS = 2
/** Until somebody gives us back the key that an address was encrypted with. */
const UNREADABLE_SECONDS = 60

/** `to`: where it goes; undefined: nowhere, null: it can't be read. `hash` is of the person's own address. */
type Known = { reach: Reach | undefined; to: string | null | undefined; hash: Buffer | undefined; isUndeliverable: boolean }
type Done = { letter: ClaimedLetter; outcome: LetterOutcome; isDead?: boolean }
type Turn = { isAskedAgain: boolean; done: Promise<number> }
/** By channel: a mail server that hangs keeps no SMS waiting. */
const turns: Record<LetterChannel, WeakMap<object, Turn>> = { email: new WeakMap(), sms: new WeakMap() }

/**
 * Sends what is due of a channel until nothing is, or until after what is under way once `stopping` is aborted; one turn
 * at a time a replica, because its mail server takes only so many at once. Answers how many. While staff have closed the
 * channel its rows wait.
 */
export function runLetters(ctx: Ctx, channel: LetterChannel, stopping?: AbortSignal): Promise<number> {
  return takeTurn(ctx, channel, 0, stopping)
}

/** Whether a sweep would find letters of a channel: of a closed one those that are out of date. */
export function areLettersDue(ctx: Ctx, channel: LetterChannel): SQL {
  if (ctx.settings.get(CLOSED_BY[channel])) return areLettersExpired(channel)
  return sql`(select true from letters where ${areClaimable(channel, secondsToWait(ctx))} order by priority, due_at limit 1)`
}

const secondsToWait = (ctx: Ctx) => (ctx.valkey.isUp() ? WAITED_SECONDS : 0)

/** The same for letters that no worker has sent: what Valkey lost, and what is tried again. Of a closed channel those are dropped that nobody wants any more, `LETTERS_SWEPT` at once. */
export async function sweepLetters(ctx: Ctx, channel: LetterChannel, stopping?: AbortSignal): Promise<number> {
  if (ctx.settings.get(CLOSED_BY[channel])) return expireLetters(ctx, channel, LETTERS_SWEPT)
  if (turns[channel].has(ctx.gateways)) return 0
  const count = await takeTurn(ctx, channel, secondsToWait(ctx), stopping)
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
      if (stopping?.aborted === true || ctx.settings.get(CLOSED_BY[channel])) break
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
  const judged = letters.map((letter) => ({ letter, known: known.get(letter)!, outcome: judge(ctx, letter, known.get(letter)!) }))
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
  await markUndeliverable(ctx, done.flatMap(({ letter, isDead }) => (isDead === true && letter.channel === 'email' ? [{ userId: letter.userId, challengeId: letter.challengeId, hash: known.get(letter)?.hash }] : [])))
  for (const { letter, outcome } of done) tell(ctx, letter, outcome)
}

async function lookUp(ctx: Ctx, letters: readonly ClaimedLetter[]): Promise<Map<ClaimedLetter, Known>> {
  const idsOf = (channel: LetterChannel) => letters.filter((letter) => letter.channel === channel).map(({ userId }) => userId)
  const [reach, addresses, phones] = await Promise.all([
    findReach(ctx.sql, letters.map(({ userId }) => userId)), findAddresses(ctx.sql, idsOf('email')), findSealedPhones(ctx.sql, idsOf('sms')),
  ])
  return new Map(letters.map((letter) => {
    const own = letter.channel === 'email' && !letter.toEncrypted ? addresses.get(letter.userId) : undefined
    const sealed = letter.toEncrypted ?? (letter.channel === 'email' ? own?.encrypted : phones.get(letter.userId))
    return [letter, { reach: reach.get(letter.userId), to: sealed && open(ctx, letter, sealed), hash: own?.hash, isUndeliverable: own?.isUndeliverable === true }]
  }))
}

// One that can't be read must not end the batch: the others would have been sent, and nobody would write it down.
function open(ctx: Ctx, { id, channel }: ClaimedLetter, sealed: Buffer): string | null {
  try {
    return channel === 'email' ? readAddress(ctx.env, sealed) : readPhone(ctx.env, sealed)
  } catch {
    ctx.log.error({ letterId: id, channel }, 'the address of a letter can’t be read: is a key missing?')
    return null
  }
}

/** What becomes of a letter without a call; undefined: it is to be sent. */
function judge(ctx: Ctx, letter: ClaimedLetter, { reach, to, isUndeliverable }: Known): LetterOutcome | undefined {
  const dropped = (reason: string): LetterOutcome => ({ to: 'dropped', reason })
  if (letter.leftSeconds <= 0) return dropped('expired')
  if (letter.tries >= LETTER_TRIES || letter.attempts - letter.waits > LETTER_CLAIMS) return { to: 'failed', reason: 'too_many_tries' }
  if (!reach || reach.erased) return dropped('erased')
  const isEmail = letter.channel === 'email'
  if (!(isEmail ? ctx.gateways.mail : ctx.gateways.sms).enabled) return dropped(isEmail ? 'email_disabled' : 'sms_disabled')
  // They may have stopped it since it was stored; what has an address of its own was never theirs to choose.
  if (letter.toEncrypted === undefined && !isStillWanted(reach, letter)) return dropped('not_wanted')
  if (to === undefined) return dropped('no_address')
  if (to === null) return held(UNREADABLE_SECONDS, letter.leftSeconds, 'unreadable')
  if (isEmail) return isUndeliverable ? dropped('undeliverable') : undefined
  if (!ctx.settings.get('smsPrefixes').some((prefix) => to.startsWith(prefix))) return dropped('sms_prefix')
  if (reach.quiet === null || isCritical(letter.kind)) return undefined
  const nowMs = ctx.clock.nowMs()
  const untilMs = quietUntil(nowMs, reach.timeZone, reach.quiet)
  return untilMs === undefined ? undefined : held((untilMs - nowMs) / 1000, letter.leftSeconds, QUIET)
}

function isStillWanted(reach: Reach, { kind, channel }: ClaimedLetter): boolean {
  if (kind === DIGEST) return reach.emailDigest !== 'none'
  return !isKnown(kind) || wants(reach, kind, channel)
}

function isCritical(kind: string): boolean {
  return isKnown(kind) && KINDS[kind].critical
}

/** Unknown: a kind of another version of the service. */
function isKnown(kind: string): kind is Kind {
  return Object.hasOwn(KINDS, kind)
}

function send(ctx: Ctx, letter: ClaimedLetter, { reach, to }: Known): Promise<LetterResult> {
  const { userId, kind, challengeId } = letter
  const whole = (words: string) => (challengeId === undefined ? words : words.replaceAll(CODE, codeOf(ctx.env, challengeId)))
  const text = whole(letter.text)
  if (letter.channel === 'sms') return ctx.gateways.sms.send({ to: to ?? '', text, reference: letter.id })
  const subject = whole(letter.subject ?? '')
  const mail = layMail(ctx.env, { userId, kind, subject, text, language: reach?.language ?? 'id', isUnproven: challengeId !== undefined })
  return ctx.gateways.mail.send({ id: letter.id, to: to ?? '', subject, ...mail })
}

function tell(ctx: Ctx, letter: ClaimedLetter, outcome: LetterOutcome): void {
  const { channel, id, template } = letter
  ctx.metrics.letters.inc({ channel, result: resultOf(outcome) })
  if (outcome.to === 'later') ctx.enqueue(LETTER_QUEUES[channel], id, { delayMs: outcome.delaySeconds * 1000 })
  else if (outcome.to !== 'sent') ctx.log.info({ letterId: id, channel, template, state: outcome.to, reason: outcome.reason, tries: letter.tries }, 'a letter was not delivered')
}

function resultOf(outcome: LetterOutcome): string {
  if (outcome.to === 'later') return outcome.reason === QUIET ? 'held' : 'later'
  return outcome.to === 'sent' ? 'sent' : outcome.reason
}
