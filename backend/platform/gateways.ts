/** The outside companies, as the product sees them. Implementations live in the module that needs each. */
export type Gateways = { payments: PaymentGateway; otp: OtpGateway; push: PushGateway }

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
  highPriority: boolean
}
export type PushResult =
  | { outcome: 'accepted' }
  | { outcome: 'token_dead' }
  | { outcome: 'retry'; afterSeconds: number | undefined; reason: string }
  | { outcome: 'rejected'; reason: string }

export interface PushGateway {
  readonly enabled: boolean
  /** At most 500 messages a call; results stand in the order of the messages. */
  send(messages: readonly PushMessage[]): Promise<PushResult[]>
}

/** The provider could not be asked or did not answer usefully. `isUncertain`: it may have acted all the same. */
export class GatewayError extends Error {
  readonly reason: 'timeout' | 'unreachable' | 'limited' | 'refused' | 'unreadable'
  readonly isUncertain: boolean

  constructor(reason: GatewayError['reason'], detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'GatewayError'
    this.reason = reason
    this.isUncertain = reason === 'timeout' || reason === 'unreachable' || reason === 'unreadable'
  }
}
