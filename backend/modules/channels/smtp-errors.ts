import type { LetterResult } from '../../platform/gateways.ts'

/** What nodemailer 10 tells about a mail that was not accepted, as far as it is looked at; `hasBegun`: something of its text may have been sent. */
export type SmtpFailure = { code: string; responseCode?: number | undefined; response?: string | undefined; command?: string | undefined; hasBegun?: boolean }

export type SmtpVerdict = Exclude<LetterResult, { outcome: 'accepted' }>

/** Greylisting wants a second try after minutes; who comes sooner begins anew. */
const GREYLIST_SECONDS = 300
/** Wrong credentials, a certificate that is not trusted: somebody has to change something. */
const OURS_SECONDS = 60
/** No such mailbox, no such domain, disabled for good (RFC 3463). */
const DEAD = /^5\.1\.(?:0|1|2|3|6|10)$|^5\.2\.1$/
/** Without a finer code these three are about the recipient. */
const DEAD_REPLIES = new Set([550, 551, 553])

/**
 * The error table of SMTP. An address is dead only where the server says so of the mailbox, as answer to RCPT TO: a
 * sender that is refused, a relay that is denied and a text that is taken for spam answer 550 too.
 */
export function judgeSmtpFailure(failure: SmtpFailure): SmtpVerdict {
  const { code, responseCode, command } = failure
  if (code === 'EAUTH' || code === 'ENOAUTH') return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason: 'smtp-auth', isOurs: true, isUnreached: true }
  if (code === 'ETLS' || isUntrusted(failure)) return { outcome: 'retry', afterSeconds: OURS_SECONDS, reason: 'smtp-tls', isOurs: true, isUnreached: true }
  // Trouble on the way: whether the mail was accepted is not known once its text was sent; the same Message-ID goes again.
  const isUnreached = responseCode === 421 || failure.hasBegun === false
  if (responseCode === undefined || responseCode === 421 || (code !== 'EENVELOPE' && code !== 'EMESSAGE')) return { outcome: 'retry', afterSeconds: undefined, reason: `smtp-${responseCode ?? code.toLowerCase()}`, isUnreached }
  if (responseCode < 500) {
    const isGreylist = command === 'RCPT TO' && (responseCode === 450 || responseCode === 451)
    return { outcome: 'retry', afterSeconds: isGreylist ? GREYLIST_SECONDS : undefined, reason: `smtp-${responseCode}` }
  }
  const finer = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(failure.response ?? '')?.[1]
  const reason = `smtp-${responseCode}${finer === undefined ? '' : `-${finer}`}`
  if (command === 'RCPT TO' && (finer === undefined ? DEAD_REPLIES.has(responseCode) : DEAD.test(finer))) return { outcome: 'rejected', reason, isDead: true }
  return command === 'MAIL FROM' ? { outcome: 'rejected', reason, isOurs: true } : { outcome: 'rejected', reason }
}

// A certificate that can't be verified comes as an error of the socket, with Node's own words.
function isUntrusted({ code, response }: SmtpFailure): boolean {
  return code === 'ESOCKET' && /certificate|altname|self.signed/i.test(response ?? '')
}
