import { checkoutRoutes } from './checkout-page.ts'
import { createSelfSignedCertificate, type TlsIdentity } from './certificate.ts'
import { textOf, type SimulatedWorld } from './answering.ts'
import { createFaultBoard, type FaultsInput, type TokenFaultInput } from './faults.ts'
import { createFazpass, fazpassRoutes, type FazpassOptions } from './fazpass.ts'
import { createFcm, fcmInspectionRoutes, type FcmOptions } from './fcm.ts'
import type { FcmEndpoint } from './fcm-agent.ts'
import { indexPageRoutes } from './index-page.ts'
import { createLife } from './life.ts'
import { createFcmApp, createPlainApp, listen } from './listeners.ts'
import { playgroundRoutes, type Playground } from './playground.ts'
import { createSms, smsRoutes, type SmsOptions } from './sms.ts'
import type { SimulatedMail, Smtp, SmtpOptions } from './smtp.ts'
import { developmentRetryScale } from './xendit-webhooks.ts'
import { createXendit, scriptBody, xenditRoutes, type XenditOptions } from './xendit.ts'

export { createFcmSimulatorAgent, type FcmEndpoint } from './fcm-agent.ts'
export { playgroundOrigins } from './playground.ts'
export type { FaultsInput, TokenFaultInput } from './faults.ts'
export type { FcmAttempt, FcmMessage } from './fcm.ts'
export type { OtpMessage } from './fazpass.ts'
export type { SimulatedMail } from './smtp.ts'
export type { SimulatedSms } from './sms.ts'
export type { Invoice, Pay } from './xendit-invoices.ts'
export type { MovePayout, PayoutRule, SimulatedPayout } from './xendit-payouts.ts'
export type { WebhookEvent } from './xendit-webhooks.ts'

export interface SimulatorOptions {
  /** 0 takes a free one. */
  port: number
  /** Loopback only; 127.0.0.1 unless told. */
  host?: string
  xendit: Pick<XenditOptions, 'secretKey' | 'webhookToken'> & Partial<XenditOptions>
  fazpass: Pick<FazpassOptions, 'merchantKey' | 'gatewayKey'> & Partial<FazpassOptions>
  /** `port` of the TLS listener (0, the default, takes a free one); `tls` keeps one certificate over restarts. */
  fcm?: FcmOptions & { port?: number; tls?: TlsIdentity }
  /** A mail server; not there unless given. */
  smtp?: SmtpOptions
  sms?: SmsOptions
  /** Epoch milliseconds; the process clock unless told. */
  clock?: () => number
  /** Where the dice of the faults begin. */
  seed?: number
  /** Serves the playground; not there unless given. */
  playground?: Playground
}

export type Simulators = Awaited<ReturnType<typeof startSimulators>>

/** Starts Xendit, Fazpass, FCM, an SMS provider and, where asked for, a mail server on loopback. Throws one clear line when it can't listen. */
export async function startSimulators(options: SimulatorOptions) {
  const host = options.host ?? '127.0.0.1'
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
    throw new Error(`Simulators listen on loopback only, not on ${host}.`)
  }
  const life = createLife()
  let url = ''
  const world: SimulatedWorld = {
    life,
    faults: createFaultBoard(options.seed ?? 1),
    now: options.clock ?? Date.now,
    baseUrl: () => url,
    calls: new Map(),
  }
  const xendit = createXendit(world, { retryScale: developmentRetryScale, webhookTimeoutMs: 30_000, ...options.xendit })
  const fazpass = createFazpass(world, {
    fixedCode: '000000',
    otpTtlSeconds: 300,
    maxAttempts: 5,
    ...options.fazpass,
  })
  const sms = createSms(world, options.sms ?? { apiKey: testSecrets.smsApiKey })
  const { port: fcmPort = 0, tls, ...fcmOptions } = options.fcm ?? {}
  const fcm = createFcm(world, fcmOptions)
  const identity = tls ?? createSelfSignedCertificate(['fcm.googleapis.com', 'localhost'], ['127.0.0.1'])

  const plain = createPlainApp()
  const fcmEndpoint: FcmEndpoint = { host, port: 0, ca: identity.cert }
  plain.get('/health', () => ({ status: 'ok' }))
  plain.get('/faults', () => world.faults.current)
  plain.put('/faults', (request) => world.faults.set(scriptBody(request)))
  plain.delete('/faults', () => {
    world.faults.reset()
    return world.faults.current
  })
  plain.get('/calls', () => Object.fromEntries(world.calls))
  await plain.register(async (scope) => xenditRoutes(scope, world, xendit), { prefix: '/xendit' })
  await plain.register(async (scope) => fazpassRoutes(scope, world, fazpass), { prefix: '/fazpass' })
  await plain.register(async (scope) => fcmInspectionRoutes(scope, fcm, () => fcmEndpoint), { prefix: '/fcm' })
  await plain.register(async (scope) => smsRoutes(scope, world, sms), { prefix: '/sms' })
  plain.get('/mail/messages', (request) => ({ items: smtp?.mails(textOf(request.query, 'to')) ?? [] }))
  checkoutRoutes(plain, xendit)
  if (options.playground) playgroundRoutes(plain, options.playground)
  let smtp: Smtp | undefined
  indexPageRoutes(plain, { xendit, fazpass, fcm, sms, mails: () => smtp?.mails() ?? [] })

  const http = await listen(plain, 'Simulators', host, options.port)
  url = `http://${host === '::1' ? '[::1]' : host}:${http.port}`
  const fcmListener = await listen(createFcmApp(world, fcm, identity), 'FCM simulator', host, fcmPort).catch(
    async (error: unknown) => {
      life.stop()
      await http.close()
      throw error
    },
  )
  fcmEndpoint.port = fcmListener.port
  // Loaded where it is asked for alone: most tests have no mail.
  if (options.smtp) smtp = await (await import('./smtp.ts')).startSmtp(world, host, identity, options.smtp)
  life.every(250, () => xendit.book.expireDue())

  return {
    url,
    /** The values of XENDIT_BASE_URL and FAZPASS_BASE_URL. */
    xenditBaseUrl: `${url}/xendit`,
    fazpassBaseUrl: `${url}/fazpass`,
    smsBaseUrl: `${url}/sms`,
    /** SMTP_URL and SMTP_CA, where there is a mail server. */
    smtp: smtp && { url: smtp.url, ca: smtp.ca },
    /** For `createFcmSimulatorAgent`; `GET /fcm` answers the same to another process. */
    fcm: fcmEndpoint,
    control: {
      xendit: {
        invoice: xendit.book.get,
        invoices: xendit.book.all,
        /** An invoice as `POST /v2/invoices` makes it. */
        create: xendit.book.create,
        lines: xendit.statement.lines,
        changeLine: xendit.statement.change,
        pay: xendit.pay,
        expire: xendit.expire,
        settle: xendit.settle,
        /** For a clock that was moved: what is due expires without waiting for the timer. */
        expireDue: xendit.book.expireDue,
        payout: xendit.payouts.get,
        /** A payout as `POST /v2/payouts` makes it. */
        createPayout: (...call: Parameters<typeof xendit.payouts.create>) => xendit.payouts.create(...call),
        payouts: xendit.payouts.all,
        /** What a bank says of a payout, with its webhook. */
        movePayout: xendit.payouts.move,
        /** What the provider would tell of it, without its being so. */
        payoutCallback: xendit.payouts.callback,
        /** How every new payout is refused. */
        setPayoutRule: xendit.payouts.setRule,
        webhooks: xendit.webhooks.events,
        sendWebhook: xendit.webhooks.send,
        resendWebhook: xendit.webhooks.resend,
        setWebhookUrls: xendit.webhooks.setUrls,
        refunds: xendit.refunds,
      },
      fazpass: { messages: fazpass.messages },
      fcm: {
        messages: fcm.messages,
        attempts: fcm.attempts,
        /** How FCM treats this token from now on; null: well again. */
        setToken: (token: string, fault: TokenFaultInput | null) => world.faults.setToken(token, fault),
      },
      sms: { messages: sms.messages, setBad: sms.setBad },
      mail: {
        messages: (to?: string): SimulatedMail[] => smtp?.mails(to) ?? [],
        /** Ends the connections that are open. */
        cut: () => smtp?.cut(),
        /** Keeps and answers what was held back. */
        release: () => smtp?.release(),
      },
      /** How often an operation was called, as in `calls('xendit.create')`. */
      calls: (operation: string) => world.calls.get(operation) ?? 0,
      setFaults: (faults: FaultsInput) => world.faults.set(faults),
      resetFaults: () => world.faults.reset(),
      /** Forgets everything, faults too. */
      reset() {
        world.faults.reset()
        world.calls.clear()
        xendit.reset()
        fazpass.reset()
        fcm.reset()
        sms.reset()
        smtp?.reset()
      },
    },
    /** Ends everything at once: listeners, calls that hang, webhooks under way, timers. */
    stop: async () => {
      life.stop()
      await Promise.all([http.close(), fcmListener.close(), smtp?.close()])
    },
  }
}

export const testSecrets = {
  xenditSecretKey: 'xnd_development_simulated',
  xenditWebhookToken: 'simulated-callback-token',
  fazpassMerchantKey: 'simulated-merchant-key',
  fazpassGatewayKey: 'simulated-gateway-key',
  smsApiKey: 'simulated-sms-key',
  smtpUser: 'simulated-mail-user',
  smtpPassword: 'simulated-mail-password',
}

type TestOptions = Omit<Partial<SimulatorOptions>, 'xendit' | 'fazpass'> & {
  xendit?: Partial<XenditOptions>
  fazpass?: Partial<FazpassOptions>
}

/** As tests want them: free ports, known secrets, each webhook sent once unless retries are asked for. */
export function startTestSimulators(options: TestOptions = {}): Promise<Simulators> {
  return startSimulators({
    port: 0,
    ...options,
    xendit: {
      secretKey: testSecrets.xenditSecretKey,
      webhookToken: testSecrets.xenditWebhookToken,
      retryScale: 0,
      refunds: {},
      ...options.xendit,
    },
    fazpass: {
      merchantKey: testSecrets.fazpassMerchantKey,
      gatewayKey: testSecrets.fazpassGatewayKey,
      ...options.fazpass,
    },
  })
}
