import { randomUUID } from 'node:crypto'
import { createMailGateway } from '../modules/channels/index.ts'
import type { Env } from '../platform/env.ts'
import { ProbeStopped } from './recorder.ts'
import type { Parts } from './probe-xendit.ts'

export type MailOptions = {
  /** A mailbox of the operator's own; undefined: nobody gets a mail. */
  to: string | undefined
  /** An address that nobody has, at a domain of the operator's own. */
  dead: string | undefined
}

const OK = 250

/** What our gateway does with a mail server. What is kept is the code of its last answer, and what we made of it. */
export async function probeMail({ env, log, metrics, timeoutMs, recorder, with: open }: Parts, options: MailOptions): Promise<void> {
  const ask = async (name: string, step: string, account: Env, to: string) => {
    const heard: { code?: number | undefined } = {}
    const gateway = createMailGateway(account, log, metrics, { silentMs: timeoutMs, answerMs: timeoutMs, deadlineMs: timeoutMs * 2, heard: ({ responseCode }) => void (heard.code = responseCode) })
    const result = await gateway.send({ id: randomUUID(), to, subject: 'Probe', text: 'Probe', html: '<p>Probe</p>', headers: {} })
    gateway.close()
    const code = result.outcome === 'accepted' ? OK : heard.code
    if (code === undefined) throw new ProbeStopped(`${name}: ${result.outcome === 'accepted' ? 'no answer' : result.reason}`)
    const { isDead, isOurs, isUnreached } = { isDead: false, isOurs: false, isUnreached: false, ...result }
    recorder.record(name, step, { status: code, headers: {}, text: JSON.stringify({ isAccepted: result.outcome === 'accepted', isDead, isOurs, isUnreached }) })
  }
  const url = new URL(env.SMTP_URL ?? '')
  if (url.username === '') recorder.say('not asked without a sign-in in SMTP_URL: wrong-password')
  else {
    url.password = randomUUID()
    await ask('wrong-password', 'AUTH', open({ SMTP_URL: url.href }), options.to ?? 'nobody@example.com')
  }
  if (options.dead === undefined) recorder.say('not asked without --dead: unknown')
  else await ask('unknown', 'RCPT TO', env, options.dead)
  if (options.to === undefined) recorder.say('not asked without --send-mail and --to: send')
  else await ask('send', 'DATA', env, options.to)
}
