import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { QueueName } from '../../platform/jobs.ts'
import { LETTER_CHANNELS, QUIET, type LetterChannel } from './letter-rules.ts'
import { letters } from './tables.ts'

/** A queue a channel: a mail server that hangs keeps no SMS waiting. */
export const LETTER_QUEUES: Record<LetterChannel, QueueName> = { email: 'letters', sms: 'letters-sms' }

export type NewLetter = {
  userId: string
  channel: LetterChannel
  kind: string
  template: string
  /** One letter a person, key and channel, however often and by whomever it is given. */
  dedupeKey: string
  /** Of e-mail alone. */
  subject?: string
  /** Paragraphs, an empty line between two; e-mail is laid out of them when it is sent. */
  text: string
  /** After this nobody wants it any more. */
  ttlSeconds: number
  /** 0 urgent to 3 low. */
  priority: number
  /** To this address or number, encrypted, instead of the person's own. */
  toEncrypted?: Buffer
  /** `CODE` in subject and text becomes the code of this challenge when it is sent. */
  challengeId?: string
}

/** Stores letters in this transaction; once it is committed, a worker is woken. */
export async function queueLetters(tx: Tx, wanted: readonly NewLetter[]): Promise<void> {
  if (wanted.length === 0) return
  const rows = await tx.sql.insert(letters).values(wanted.map(({ ttlSeconds, ...letter }) => ({
    ...letter, id: tx.ids.next(), expiresAt: sql`app_now() + make_interval(secs => ${ttlSeconds})`,
  }))).onConflictDoNothing({ target: [letters.userId, letters.dedupeKey, letters.channel] }).returning({ id: letters.id, channel: letters.channel })
  wake(tx, rows)
}

/** Somebody's quiet hours are others now: what waits for their end is asked about anew at once. */
export async function releaseLetters(tx: Tx, userId: string): Promise<void> {
  const { rows } = await tx.sql.execute<{ id: string; channel: LetterChannel }>(sql`
    update letters set due_at = app_now() where id = any(array(
      select id from letters where user_id = ${userId} and state = 'queued' and reason = ${QUIET} and claimed_until is null order by id for update))
    returning id, channel`)
  wake(tx, rows)
}

function wake(tx: Tx, rows: readonly { id: string; channel: LetterChannel }[]): void {
  for (const channel of LETTER_CHANNELS) {
    const first = rows.find((row) => row.channel === channel)
    // One job for all of a channel: whoever runs it goes on until nothing is due.
    if (first) tx.afterCommit((ctx) => ctx.enqueue(LETTER_QUEUES[channel], first.id))
  }
}
