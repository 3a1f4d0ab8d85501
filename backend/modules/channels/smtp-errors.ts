import type { LetterResult } from '../../platform/gateways.ts'

/** What nodemailer 10 tells about a mail that was not accepted, as far as it is looked at; `hasBegun`: something of its text may have been sent. */
export type SmtpFailure = { code: string; responseCode?: number | undefined; response?: string | undefined; command?: string | undefined; hasBegun?: boolean }

export type SmtpVerdict = Exclude<LetterResult, { outcome: 'accepted' }>

/** Greylisting, a mailbox that is busy or full: who comes sooner begins anew, or finds it as it was. */
const PATIENT_SECONDS = 300
/** Wrong credentials, a certificate that is not trusted, a sender who may not send: somebody has to change something. */
const OURS_SECONDS = 60
/** No such mailbox, no such domain, disabled for good (RFC 3463). */
const DEAD = /^5\.1\.(?:0|1|2|3|6|10)$|^5\.2\.1$/
/** Without a finer code these three may be about the recipient: then their words say so. */
const DEAD_REPLIES = new Set([550, 551, 553])
const OF_RECIPIENT = /user|mailbox|recipient|address|account/i
const OF_US = /relay|sender|polic|spam|block|black|denied|authenticat|spf|dkim|dmarc/i
/** Mail that is larger than the server takes is one letter's own trouble. */
const TOO_LARGE = 552

/**
 * The error table of SMTP. An address is dead only where the server says so of the mailbox, as answer to RCPT TO: a
 * sender that is refused, a relay that is denied and a text that is taken for spam answer 550 too. What it says of itself
 * or of us, and not of this letter, costs no letter.
 */
export function judgeSmtpFailure(failure: SmtpFailure): SmtpVerdict {
  const { code, responseCode, command } = failure
  if (code === 'EAUTH' || code === 'ENOAUTH') return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason: 'smtp-auth', isOurs: true, isUnreached: true }
  if (code === 'ETLS' || isUntrusted(failure)) return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason: 'smtp-tls', isOurs: true, isUnreached: true }
  // Trouble on the way: whether the mail was accepted is not known once its text was sent; the same Message-ID goes again.
  const isUnreached = responseCode === 421 || failure.hasBegun === false
  if (responseCode === undefined || responseCode === 421 || (code !== 'EENVELOPE' && code !== 'EMESSAGE')) return { outcome: 'retry', afterSeconds: undefined, reason: `smtp-${responseCode ?? code.toLowerCase()}`, isUnreached }
  const finer = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(failure.response ?? '')?.[1]
  const reason = `smtp-${responseCode}${finer === undefined ? '' : `-${finer}`}`
  if (responseCode < 500) {
    // Its disk, its queue, how much it takes of us in an hour.
    const isOfServer = command === 'MAIL FROM' || responseCode === 454 || (finer === undefined ? responseCode === 452 : finer.startsWith('4.3.'))
    return isOfServer ? { outcome: 'retry', afterSeconds: undefined, reason, isUnreached: true } : { outcome: 'retry', afterSeconds: PATIENT_SECONDS, reason }
  }
  if (command === 'MAIL FROM' && responseCode !== TOO_LARGE) return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason, isOurs: true, isUnreached: true }
  if (command === 'RCPT TO' && (finer === undefined ? DEAD_REPLIES.has(responseCode) && isOfRecipient(failure.response) : DEAD.test(finer))) return { outcome: 'rejected', reason, isDead: true }
  return { outcome: 'rejected', reason }
}

// The address itself is quoted, and may hold any of these words.
function isOfRecipient(response = ''): boolean {
  const words = response.replaceAll(/\S*@\S*/g, '')
  return OF_RECIPIENT.test(words) && !OF_US.test(words)
}

// A certificate that can't be verified comes as an error of the socket, with Node's own words.
function isUntrusted({ code, response }: SmtpFailure): boolean {
  return code === 'ESOCKET' && /certificate|altname|self.signed/i.test(response ?? '')
}
