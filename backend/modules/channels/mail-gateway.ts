import type { Readable } from 'node:stream'
import type { Env } from '../../platform/env.ts'
import type { LetterResult, MailGateway, MailMessage } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { withinDeadline } from './deadline.ts'
import { judgeSmtpFailure, type SmtpFailure } from './smtp-errors.ts'

/** Mails that are under way at once; an engine that has more waits for one of them. */
export const MAIL_CONNECTIONS = 4
/** A server that does not connect or greet for this long is given up on. */
const SILENT_MS = 8000
/** One that says nothing afterwards: a text is looked through before it is accepted, and who leaves meanwhile sends it twice (RFC 5321, 4.5.3.2.6). */
const ANSWER_MS = 18_000
/** The whole of one mail. What is accepted after it may come a second time, under the same Message-ID. */
const DEADLINE_MS = 20_000

/** `heard`: told what the server said of a mail that it did not accept; for whoever probes it. */
type Options = { deadlineMs?: number; silentMs?: number; answerMs?: number; heard?: (failure: SmtpFailure) => void }

/** E-mail over SMTP: TLS always, its certificate verified. Never throws. */
export function createMailGateway(env: Env, log: Log, metrics: Metrics, { deadlineMs = DEADLINE_MS, silentMs = SILENT_MS, answerMs = ANSWER_MS, heard }: Options = {}): MailGateway {
  const { SMTP_URL: url, MAIL_FROM: from = '' } = env
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost'
  let transport: ReturnType<typeof open> | undefined
  const texts: Texts = new Map()

  const judge = (error: unknown, hasBegun: boolean): LetterResult => {
    const failure = { ...failureOf(error), hasBegun }
    heard?.(failure)
    const verdict = judgeSmtpFailure(failure)
    metrics.providerCalls.inc({ provider: 'smtp', call: 'send', outcome: verdict.outcome })
    const line = { provider: 'smtp', reason: verdict.reason }
    if (verdict.isOurs) log.error(line, 'e-mail is not set up right')
    // What the server says may quote the address.
    else log.warn(line, 'a mail was not accepted')
    return verdict
  }

  return {
    enabled: url !== undefined,
    async send(mail) {
      if (url === undefined) return { outcome: 'rejected', reason: 'email_disabled', isOurs: true }
      const took = metrics.providerSeconds.startTimer({ provider: 'smtp', call: 'send' })
      const givenUp = new AbortController()
      try {
        transport ??= open(env, url, { silentMs, answerMs }, texts)
        await withinDeadline(deadlineMs, transport.then((opened) => opened.sendMail({ ...messageFor(env, mail, from, domain), signal: givenUp.signal })))
        metrics.providerCalls.inc({ provider: 'smtp', call: 'send', outcome: 'accepted' })
        return { outcome: 'accepted' }
      } catch (error) {
        // What has waited for a connection all the time is not sent any more.
        givenUp.abort()
        return judge(error, texts.get(mail.id)?.readableDidRead === true)
      } finally {
        texts.delete(mail.id)
        took()
      }
    },
    close() {
      void transport?.then((opened) => opened.close())
    },
  }
}

/** The text of each mail that is under way, by its letter: one of which nothing was read was sent to nobody. */
type Texts = Map<string, Readable>

// Loaded by whoever sends mail, and by nobody else.
async function open(env: Env, url: string, { silentMs, answerMs }: Required<Pick<Options, 'silentMs' | 'answerMs'>>, texts: Texts) {
  const { createTransport } = await import('nodemailer')
  const { protocol, hostname, port, username, password } = new URL(url)
  const isSecure = protocol === 'smtps:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const transport = createTransport({
    pool: true, maxConnections: MAIL_CONNECTIONS, maxMessages: 100, host, port: Number(port) || (isSecure ? 465 : 587),
    // With `smtp:` the connection becomes TLS by STARTTLS, or nothing is sent.
    secure: isSecure, requireTLS: !isSecure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(env.SMTP_CA === undefined ? {} : { ca: env.SMTP_CA }) },
    connectionTimeout: silentMs, greetingTimeout: silentMs, socketTimeout: answerMs, dnsTimeout: silentMs, disableFileAccess: true, disableUrlAccess: true,
  })
  transport.use('stream', (mail, done) => {
    const id = /^<([^@]+)@/.exec(String(mail.data.messageId))?.[1] ?? ''
    mail.message.processFunc((stream: Readable) => {
      texts.set(id, stream)
      return stream
    })
    done()
  })
  return transport
}

function messageFor(env: Env, { id, to, subject, text, html, headers }: MailMessage, from: string, domain: string) {
  return {
    messageId: `<${id}@${domain}>`, from, to: { name: '', address: to }, subject, text, html,
    ...(env.MAIL_REPLY_TO === undefined ? {} : { replyTo: env.MAIL_REPLY_TO }),
    // No absence notes in answer.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', ...headers },
  }
}

function failureOf(error: unknown): SmtpFailure {
  const { code, responseCode, response, command, message } = (error ?? {}) as Record<string, unknown> // whatever was thrown: each is looked at
  return {
    code: typeof code === 'string' ? code : 'unknown',
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    response: typeof response === 'string' ? response : typeof message === 'string' ? message : undefined,
    command: typeof command === 'string' ? command : undefined,
  }
}
