import type { Tx } from '../../platform/ctx.ts'
import { languageOf, type Language } from '../identity/index.ts'
import { findReach } from './find-reach.ts'
import { queueLetters } from './queue-letters.ts'
import type { EmailChallenge } from './tables.ts'

/** Of an e-mail: paragraphs, an empty line between two. */
export type LetterWords = { subject: string; text: string }
export type LeftAddress = { userId: string; what: 'changed' | 'removed'; dedupeKey: string; language: Language }

/** What is said about addresses. Modules below the templates can't know them: `public-app.ts` names it. */
export type AddressWords = {
  /** The letter with the code; `code` stands in it as it is given. */
  proof: (tx: Tx, about: { code: string; minutes: number; language: Language }) => LetterWords
  /** Tells the person of the first address that their account has: a thief may have added it. */
  added: (tx: Tx, about: { userId: string; dedupeKey: string }) => Promise<void>
  /** The letter to an address that was given up. The person hears of it in the app too: whoever took an account over would rather be silent about it. */
  left: (tx: Tx, about: LeftAddress) => Promise<LetterWords>
}

const LEFT_SECONDS = 3 * 86_400
/** Becomes the code when the letter is sent: it stands nowhere before. */
export const CODE = '{{code}}'

/** Sends the code to an address that is nobody's yet. */
export async function sendProof(tx: Tx, words: AddressWords, { id, userId, addressEncrypted }: Pick<EmailChallenge, 'id' | 'userId' | 'addressEncrypted'>, lifeSeconds: number): Promise<void> {
  const { subject, text } = words.proof(tx, { code: CODE, minutes: Math.max(1, Math.floor(lifeSeconds / 60)), language: await languageFor(tx, userId) })
  await queueLetters(tx, [{
    userId, channel: 'email', kind: 'security_alert', template: 'email.proof', dedupeKey: `email-proof:${id}`, priority: 0, ttlSeconds: lifeSeconds,
    subject, text, toEncrypted: addressEncrypted, challengeId: id,
  }])
}

/** Tells the address that was given up, and its person. */
export async function tellLeft(tx: Tx, words: AddressWords, { addressEncrypted, ...about }: Omit<LeftAddress, 'language'> & { addressEncrypted: Buffer }): Promise<void> {
  const { userId, what, dedupeKey } = about
  const { subject, text } = await words.left(tx, { ...about, language: await languageFor(tx, userId) })
  await queueLetters(tx, [{
    userId, channel: 'email', kind: 'security_alert', template: `security.email_${what}`, dedupeKey, priority: 0, ttlSeconds: LEFT_SECONDS, subject, text, toEncrypted: addressEncrypted,
  }])
}

async function languageFor(tx: Tx, userId: string): Promise<Language> {
  return languageOf((await findReach(tx.sql, [userId])).get(userId)?.language ?? 'id')
}
