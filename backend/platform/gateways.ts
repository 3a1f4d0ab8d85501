/** The outside companies, as the product sees them. Implementations live in the module that needs each. */
export type Gateways = { payments: PaymentGateway; refunds: RefundGateway; payouts: PayoutGateway; statements: StatementGateway; otp: OtpGateway; push: PushGateway; mail: MailGateway; sms: SmsGateway }

export type InvoiceStatus = 'pending' | 'paid' | 'expired' | 'unknown'
export type ProviderInvoice = {
  id: string
  externalId: string
  status: InvoiceStatus
  amountIdr: number
  /** What was really paid, where the provider says so. */
  paidAmountIdr: number | undefined
  currency: string
  checkoutUrl: string
  expiresAt: Date | undefined
  /** What the provider calls the payment itself, and the channel that it came by: kept, never a key. */
  paymentId?: string | undefined
  channel?: string | undefined
}
export type NewInvoice = {
  externalId: string
  amountIdr: number
  durationSeconds: number
  description: string
  successUrl: string
  failureUrl: string
}

export interface PaymentGateway {
  /** False with `XENDIT_ENABLED=false`: priced packages then answer `payments_disabled`. */
  readonly enabled: boolean
  createInvoice(invoice: NewInvoice): Promise<ProviderInvoice>
  findInvoiceByExternalId(externalId: string): Promise<ProviderInvoice | undefined>
  getInvoice(id: string): Promise<ProviderInvoice | undefined>
  /** Answers the invoice as it is afterwards: `paid` when the payer was quicker. */
  expireInvoice(id: string): Promise<ProviderInvoice>
}

export type ProviderRefund = {
  id: string
  /** Our id of the refund, where the provider gives it back. */
  referenceId: string | undefined
  invoiceId: string | undefined
  amountIdr: number
  currency: string
  status: 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'unknown'
  failureCode: string | undefined
}

export interface RefundGateway {
  /** `id` is the idempotency key and the reference: made once, however often it is asked for. */
  createRefund(refund: { id: string; invoiceId: string; amountIdr: number; reason: 'REQUESTED_BY_CUSTOMER' | 'CANCELLATION' | 'OTHERS' }): Promise<ProviderRefund>
  getRefund(id: string): Promise<ProviderRefund | undefined>
  findRefund(invoiceId: string, referenceId: string): Promise<ProviderRefund | undefined>
}

export type ProviderPayout = {
  id: string
  referenceId: string
  amountIdr: number
  currency: string
  status: 'waiting' | 'succeeded' | 'failed' | 'reversed' | 'unknown'
  failureCode: string | undefined
}

export interface PayoutGateway {
  /** `id` is the idempotency key and the reference. */
  createPayout(payout: { id: string; channelCode: string; accountNumber: string; holderName: string; amountIdr: number; description: string }): Promise<ProviderPayout>
  getPayout(id: string): Promise<ProviderPayout | undefined>
  findPayout(referenceId: string): Promise<ProviderPayout | undefined>
}

export type StatementLine = {
  id: string
  type: string
  status: string
  referenceId: string
  amountIdr: number
  feeIdr: number
  taxIdr: number
  withheldIdr: number
  feeStatus: string
  currency: string
  at: Date
}

/**
 * `unreadable`: what could not be read, by its id, or by the sha256 of its content where it has none. `next` continues
 * the list; `hasMore` without it: there is more, and no way to it.
 */
export type StatementPage = { unreadable: string[]; hasMore: boolean; next: string | undefined }

export interface StatementGateway {
  /** Invoices paid in this time, 100 a page. */
  listInvoices(page: { paidAfter: Date; paidBefore: Date; after?: string | undefined }): Promise<StatementPage & { invoices: ProviderInvoice[] }>
  listLines(page: { updatedAfter: Date; after?: string | undefined }): Promise<StatementPage & { lines: StatementLine[] }>
  balanceIdr(): Promise<number>
}

export interface OtpGateway {
  /** False: the code is `000000` for test phones (for everybody in development). */
  readonly enabled: boolean
  /** Asks the provider to send a code to `phone` (E.164); answers the provider's reference. */
  request(phone: string): Promise<{ reference: string }>
  verify(reference: string, code: string): Promise<'ok' | 'wrong' | 'expired'>
}

export type PushMessage = {
  token: string
  title: string
  body: string
  /** `kind` and ids; values are strings, as FCM wants them. */
  data: Record<string, string>
  /** Replaces the notification shown under the same tag; also the collapse id. */
  tag: string
  ttlSeconds: number
  priority: 'urgent' | 'high' | 'normal' | 'low'
  /** It is shown without a sound, and interrupts nobody. */
  quiet: boolean
}
export type PushResult =
  | { outcome: 'accepted' }
  | { outcome: 'token_dead' }
  | { outcome: 'retry'; afterSeconds: number | undefined; reason: string }
  | { outcome: 'rejected'; reason: string }

export interface PushGateway {
  readonly enabled: boolean
  /** At most 500 messages a call; results stand in the order of the messages. `hear` is told of what is known before the last. */
  send(messages: readonly PushMessage[], hear?: (index: number, result: PushResult) => void): Promise<PushResult[]>
}

/** `isDead`: nobody is reached under this address or number, whatever is sent there. `isOurs`: every letter meets the same. */
export type LetterResult =
  | { outcome: 'accepted' }
  /** `isUnreached`: nobody has looked at the letter, and nobody can have kept it. */
  | { outcome: 'retry'; afterSeconds: number | undefined; reason: string; isOurs?: true; isUnreached?: boolean }
  | { outcome: 'rejected'; reason: string; isDead?: true; isOurs?: true }

export type MailMessage = {
  /** Of the letter: its Message-ID is made of it, the same on every try. */
  id: string
  to: string
  subject: string
  text: string
  html: string
  headers: Record<string, string>
}

export interface MailGateway {
  /** False without `SMTP_URL`. */
  readonly enabled: boolean
  /** One mail to one address; never throws, and answers within its deadline. */
  send(mail: MailMessage): Promise<LetterResult>
  close(): void
}

export interface SmsGateway {
  /** False without `SMS_BASE_URL`. */
  readonly enabled: boolean
  /** `to` in E.164; `reference` is the idempotency key. Never throws, and answers within its deadline. */
  send(message: { to: string; text: string; reference: string }): Promise<LetterResult>
}

/**
 * The provider could not be asked or did not answer usefully. `isUncertain`: it may have acted all the same. `status`
 * and `providerCode` are those of a refusal, where it came with them.
 */
export class GatewayError extends Error {
  readonly reason: 'timeout' | 'unreachable' | 'limited' | 'refused' | 'unreadable'
  readonly isUncertain: boolean
  readonly status: number | undefined
  readonly providerCode: string | undefined

  constructor(reason: GatewayError['reason'], detail: string, options: ErrorOptions & { status?: number; providerCode?: string } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.reason = reason
    this.isUncertain = reason === 'timeout' || reason === 'unreachable' || reason === 'unreadable'
    this.status = options.status
    this.providerCode = options.providerCode
  }
}
