import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { SimulatedWorld } from './answering.ts'
import type { TlsIdentity } from './certificate.ts'
import type { MailFault } from './faults.ts'
import { readMail, type ReadMail } from './read-mail.ts'

export interface SmtpOptions {
  user: string
  password: string
  /** 0 takes a free one. */
  port?: number
}

/** What arrived at an address, copies of the same mail too. */
export interface SimulatedMail extends ReadMail {
  from: string
  to: string
  at: string
  isTls: boolean
}

const kept = 10_000

const REFUSALS: Partial<Record<MailFault, { code: number; text: string }>> = {
  greylist: { code: 451, text: '4.7.1 Greylisted, try again later' },
  closing: { code: 421, text: '4.3.2 Service shutting down' },
  unknown: { code: 550, text: '5.1.1 No such user here' },
  full: { code: 552, text: '5.2.2 Mailbox full' },
  policy: { code: 550, text: '5.7.1 Message refused by policy' },
}

export type Smtp = Awaited<ReturnType<typeof startSmtp>>

/** A mail server: TLS by STARTTLS, sign-in required, and what goes wrong as the faults in force ask for. */
export async function startSmtp(world: SimulatedWorld, host: string, identity: TlsIdentity, { user, password, port = 0 }: SmtpOptions) {
  let mails: SimulatedMail[] = []
  let held: (() => void)[] = []
  const sockets = new Set<Socket>()
  const socketOf = new Map<string, Socket>()

  const smtp = new SMTPServer({
    ...identity, authMethods: ['PLAIN', 'LOGIN'], logger: false, disableReverseLookup: true, closeTimeout: 1, socketTimeout: 120_000, allowInsecureAuth: false,
    onAuth(auth, _session, done) {
      const isRight = auth.username === user && auth.password === password && world.faults.drawMail(undefined, ['auth']) === undefined
      if (isRight) return done(null, { user })
      done(Object.assign(new Error('5.7.8 Authentication credentials invalid'), { responseCode: 535 }))
    },
    onRcptTo(address, _session, done) {
      const fault = world.faults.drawMail(address.address, ['greylist', 'closing', 'unknown', 'full', 'policy', 'hang'])
      if (fault === 'hang') return
      const refusal = fault && REFUSALS[fault]
      if (!refusal) return done()
      // Real ones quote the address.
      done(Object.assign(new Error(`${refusal.text} <${address.address}>`), { responseCode: refusal.code }))
    },
    onData(stream, session, done) {
      const [to] = session.envelope.rcptTo
      const fault = world.faults.drawMail(to?.address, ['cut', 'cut-after', 'data-refused', 'hold'])
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (fault === 'cut') socketOf.get(session.id)?.destroy()
      })
      stream.on('end', () => {
        world.calls.set('smtp.data', (world.calls.get('smtp.data') ?? 0) + 1)
        if (fault === 'cut') return
        if (fault === 'data-refused') return done(Object.assign(new Error('5.6.0 Message refused'), { responseCode: 554 }))
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
        const keep = () => {
          mails.push({ ...readMail(Buffer.concat(chunks)), from, to: to?.address ?? '', at: new Date(world.now()).toISOString(), isTls: session.secure })
          if (mails.length > kept) mails = mails.slice(-kept)
          if (fault === 'cut-after') socketOf.get(session.id)?.destroy()
          else done()
        }
        if (fault === 'hold') held.push(keep)
        else keep()
      })
    },
    onConnect(session, done) {
      const socket = waiting.shift()
      if (socket) {
        socketOf.set(session.id, socket)
        socket.once('close', () => socketOf.delete(session.id))
      }
      done()
    },
  })
  smtp.on('error', () => {}) // connections that were cut
  const waiting: Socket[] = []

  const listener: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    world.calls.set('smtp.connect', (world.calls.get('smtp.connect') ?? 0) + 1)
    const fault = world.faults.drawMail(undefined, ['garbage', 'mute', 'reset'])
    if (fault === 'garbage') socket.write('<html>not a mail server</html>\r\n')
    else if (fault === 'reset') socket.destroy()
    else if (fault === undefined) {
      waiting.push(socket)
      smtp.connect(socket)
    }
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(port, host, resolve)
  })
  const { port: bound } = listener.address() as AddressInfo // it listens by TCP

  return {
    /** The value of SMTP_URL. */
    url: `smtp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${bound}`,
    /** The value of SMTP_CA. */
    ca: identity.cert,
    /** The oldest first, capital letters or not. */
    mails: (to?: string): SimulatedMail[] => mails.filter((mail) => to === undefined || mail.to.toLowerCase() === to.toLowerCase()),
    reset() {
      mails = []
      held = []
    },
    release() {
      const all = held
      held = []
      for (const keep of all) keep()
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      const closed = new Promise<void>((resolve) => void listener.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
