import t from 'tap'
import { decideLetter } from './letter-rules.ts'
import { judgeSmsReply } from './sms-gateway.ts'
import { judgeSmtpFailure } from './smtp-errors.ts'

const envelope = (command: string, response: string) => judgeSmtpFailure({ code: command === 'text' ? 'EMESSAGE' : 'EENVELOPE', command, response, responseCode: Number(response.slice(0, 3)), hasBegun: command === 'text' })

t.test('what a mail server says of itself or of us costs no letter, and what it says of one letter costs no other', async (t) => {
  const waits: [string, string][] = [
    ['MAIL FROM', '452 4.3.1 Insufficient system storage'], ['MAIL FROM', '451 4.7.1 Try again later'], ['RCPT TO', '451 4.3.0 Temporary lookup failure'], ['RCPT TO', '452 Insufficient system storage'],
    ['text', '454 Throttling failure: Maximum sending rate exceeded.'], ['text', '451 4.3.2 Please try again later'], ['RCPT TO', '421 4.7.0 Too many connections'],
    ['MAIL FROM', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'], ['MAIL FROM', '530 5.7.0 Authentication required'],
  ]
  for (const [command, response] of waits) t.match(envelope(command, response), { outcome: 'retry', isUnreached: true }, response)
  t.match(envelope('MAIL FROM', '550 5.7.1 Sender rejected'), { isOurs: true, reason: 'smtp-550-5.7.1' })
  for (const [command, response] of [['RCPT TO', '450 4.2.1 Mailbox busy'], ['RCPT TO', '451 4.7.1 Greylisted'], ['text', '451 4.7.1 Greylisted, try again'], ['RCPT TO', '452 4.2.2 Over quota']] as const) {
    t.match(envelope(command, response), { outcome: 'retry', afterSeconds: 300, isUnreached: undefined }, response)
  }
  t.match(envelope('MAIL FROM', '552 5.3.4 Message size exceeds fixed limit'), { outcome: 'rejected', isDead: undefined })
})

t.test('an address is dead only where the server says that nobody has it', async (t) => {
  const dead = [
    '550-5.1.1 The email account that you tried to reach does not exist', '550 5.1.1 <siti@surat.example>: Recipient address rejected: User unknown', '550 5.2.1 The mailbox is disabled', '550 Unrouteable address',
    '550 No such user here', '550 Requested action not taken: mailbox unavailable', '551 User not local', '553 mailbox name not allowed', '550 <spam@relay.example>: no such mailbox',
  ]
  for (const response of dead) t.match(envelope('RCPT TO', response), { outcome: 'rejected', isDead: true }, response)
  const living = [
    '550 relay not permitted', '550 <user@surat.example> relaying denied', '553 sorry, that domain isn’t in my list of allowed rcpthosts', '550 Sender verify failed', '550 Message refused by policy', '550 Rejected',
    '550 5.7.1 Unable to relay', '554 5.7.1 <user@surat.example>: Relay access denied', '550 Your address 10.0.0.1 is blocked', '552 5.2.2 Mailbox full',
  ]
  for (const response of living) t.match(envelope('RCPT TO', response), { outcome: 'rejected', isDead: undefined }, response)
  t.match(envelope('text', '550 5.1.1 User unknown'), { outcome: 'rejected', isDead: undefined }, 'after the text nobody speaks of one mailbox')
})

t.test('what a provider of SMS did not take costs no try, and comes no sooner than it asks for', async (t) => {
  const reply = (status: number, retryAfter: string | null = null) => judgeSmsReply({ status, retryAfter, body: {} }, 0)
  for (const status of [401, 402, 403, 429, 502, 503]) t.match(reply(status), { outcome: 'retry', isUnreached: true }, String(status))
  for (const status of [408, 425, 500, 504]) t.match(reply(status), { outcome: 'retry', isUnreached: undefined }, String(status))
  const letter = { tries: 1, waits: 0, leftSeconds: 3600 }
  for (const status of [429, 503, 500]) {
    for (const random of [0, 0.5, 0.999]) {
      const outcome = decideLetter(letter, reply(status, '240'), () => random)
      t.match(outcome, { to: 'later', isWait: status === 500 ? undefined : true }, String(status))
      t.ok(outcome.to === 'later' && outcome.delaySeconds >= 240, `${status}: ${JSON.stringify(outcome)}`)
    }
  }
  t.match(decideLetter(letter, reply(503, '3600')), { to: 'dropped', reason: 'expired' }, 'nobody wants it then')
  t.match(decideLetter({ ...letter, tries: 3 }, reply(500)), { to: 'failed', reason: 'sms-500' })
})
