import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { availableChannels, paidWith, type PaidWith } from './xendit-channels.ts'

const text = z.string().max(2_048)
const redirectUrl = z.url({ protocol: /^(?!javascript|data|vbscript)[a-z][a-z0-9+.-]*$/i, error: 'must be a URL' })

/** What `POST /v2/invoices/` takes; loose, because fields that Xendit doesn't know are ignored by it. */
const createInvoiceBody = z.looseObject({
  external_id: z.string().min(1).max(255),
  amount: z.number().min(1).max(50_000_000_000),
  // Xendit's own default is set in the dashboard; a day is what it comes with.
  invoice_duration: z.number().min(1).max(31_536_000).default(86_400),
  currency: z.enum(['IDR', 'USD', 'THB', 'VND', 'PHP', 'MYR']).default('IDR'),
  payer_email: text.optional(),
  description: text.optional(),
  success_redirect_url: redirectUrl.optional(),
  failure_redirect_url: redirectUrl.optional(),
  payment_methods: z.array(z.string()).optional(),
  should_send_email: z.boolean().default(false),
  locale: text.optional(),
  items: z.array(z.record(z.string(), z.unknown())).optional(),
  fees: z.array(z.record(z.string(), z.unknown())).optional(),
  customer: z.record(z.string(), z.unknown()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
})

/** What `POST /xendit/invoices/:id/pay` takes. */
export const paySchema = z.strictObject({
  /** Other than the invoice's amount: a partial or surplus payment. */
  amount: z.number().positive().optional(),
  currency: z.string().length(3).optional(),
  channel: z.string().default('BCA'),
  /** Money that comes although the invoice has expired. */
  afterExpiry: z.boolean().default(false),
  /** Money that comes a second time, as another payment of the same invoice. */
  again: z.boolean().default(false),
})
export type Pay = z.input<typeof paySchema>

/** An invoice exactly as Xendit puts it on the wire. */
export interface Invoice extends Partial<PaidWith>, ReturnType<typeof availableChannels> {
  id: string
  external_id: string
  user_id: string
  status: 'PENDING' | 'PAID' | 'SETTLED' | 'EXPIRED'
  merchant_name: string
  merchant_profile_picture_url: string
  amount: number
  currency: string
  expiry_date: string
  invoice_url: string
  should_send_email: boolean
  created: string
  updated: string
  success_redirect_url?: string
  failure_redirect_url?: string
  payer_email?: string
  description?: string
  locale?: string
  items?: Record<string, unknown>[]
  fees?: Record<string, unknown>[]
  customer?: Record<string, unknown>
  metadata?: Record<string, unknown>
  paid_amount?: number
  paid_at?: string
  payment_id?: string
}

/** A refusal in Xendit's words. */
export class XenditRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly details: unknown[] | undefined
  constructor(status: number, code: string, message: string, details?: unknown[]) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

export type InvoiceBook = ReturnType<typeof createInvoiceBook>

/** Xendit's side of our invoices: PENDING → PAID (→ SETTLED) | EXPIRED. `changed` hears what Xendit calls back for. */
export function createInvoiceBook(outside: {
  now(): number
  invoiceUrl(id: string): string
  changed(invoice: Invoice): void
}) {
  const invoices = new Map<string, Invoice>()
  const byExternalId = new Map<string, Invoice[]>()
  const pending = new Set<Invoice>()
  const timestamp = () => new Date(outside.now()).toISOString()

  function get(id: string): Invoice {
    const invoice = invoices.get(id)
    if (!invoice) throw new XenditRefusal(404, 'INVOICE_NOT_FOUND_ERROR', 'Could not find invoice by id')
    expireIfDue(invoice)
    return invoice
  }

  function expireIfDue(invoice: Invoice) {
    if (invoice.status === 'PENDING' && Date.parse(invoice.expiry_date) <= outside.now()) {
      moveTo(invoice, 'EXPIRED')
      outside.changed(invoice)
    }
  }

  function moveTo(invoice: Invoice, status: Invoice['status']) {
    invoice.status = status
    invoice.updated = timestamp()
    pending.delete(invoice)
  }

  function takeMoney(invoice: Invoice, pay: z.output<typeof paySchema>) {
    const channel = paidWith(pay.channel.toUpperCase())
    if (!channel) throw new XenditRefusal(400, 'CHANNEL_NOT_AVAILABLE', `No payment channel is called ${pay.channel}.`)
    moveTo(invoice, 'PAID')
    Object.assign(invoice, channel, {
      paid_amount: pay.amount ?? invoice.amount,
      paid_at: invoice.updated,
      payment_id: randomUUID(),
    })
    if (pay.currency) invoice.currency = pay.currency.toUpperCase()
  }

  return {
    get,
    find: (id: string): Invoice | undefined => invoices.get(id),
    create: (body: unknown): Invoice => {
      const parsed = createInvoiceBody.safeParse(body)
      if (!parsed.success) {
        throw new XenditRefusal(
          400,
          'API_VALIDATION_ERROR',
          'There was an error with the format submitted to the server.',
          parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
        )
      }
      const { invoice_duration, payment_methods, ...wanted } = parsed.data
      const id = randomBytes(12).toString('hex')
      const created = outside.now()
      // Xendit has no decimals for rupiah: it cuts them off.
      const amount = wanted.currency === 'IDR' ? Math.trunc(wanted.amount) : wanted.amount
      const { external_id, currency, should_send_email } = wanted
      const optional = definedOnly({
        success_redirect_url: wanted.success_redirect_url,
        failure_redirect_url: wanted.failure_redirect_url,
        payer_email: wanted.payer_email,
        description: wanted.description,
        locale: wanted.locale,
        items: wanted.items,
        fees: wanted.fees,
        customer: wanted.customer,
        metadata: wanted.metadata,
      })
      const invoice: Invoice = {
        id,
        external_id,
        user_id: '5f9a3fbd571a1c4068aa40ce',
        status: 'PENDING',
        merchant_name: 'Halobestie (simulated)',
        merchant_profile_picture_url: '',
        amount,
        currency,
        expiry_date: new Date(created + invoice_duration * 1_000).toISOString(),
        invoice_url: outside.invoiceUrl(id),
        should_send_email,
        created: new Date(created).toISOString(),
        updated: new Date(created).toISOString(),
        ...availableChannels(payment_methods, amount),
        ...optional,
      }
      invoices.set(id, invoice)
      pending.add(invoice)
      // Whether Xendit refuses an external_id that was used before is unverified: it is taken here, the harder case.
      const siblings = byExternalId.get(external_id)
      if (siblings) siblings.push(invoice)
      else byExternalId.set(external_id, [invoice])
      return invoice
    },
    /** The oldest first. */
    all: (externalId?: string): Invoice[] => {
      const found = externalId === undefined ? [...invoices.values()] : [...(byExternalId.get(externalId) ?? [])]
      for (const invoice of found) expireIfDue(invoice)
      return found
    },
    /** Those that can still be paid, the oldest first. */
    pending: (): Invoice[] => {
      return [...pending]
    },
    pay: (id: string, options: Pay = {}): Invoice => {
      const pay = paySchema.parse(options)
      const invoice = get(id)
      if (invoice.status === 'EXPIRED' && !pay.afterExpiry) {
        throw new XenditRefusal(409, 'INVOICE_EXPIRED', 'This invoice has expired; afterExpiry pays it all the same.')
      }
      if ((invoice.status === 'PAID' || invoice.status === 'SETTLED') && !pay.again) {
        throw new XenditRefusal(409, 'INVOICE_ALREADY_PAID', 'This invoice is paid; again pays it a second time.')
      }
      takeMoney(invoice, pay)
      outside.changed(invoice)
      return invoice
    },
    expire: (id: string): Invoice => {
      const invoice = get(id)
      if (invoice.status === 'PAID' || invoice.status === 'SETTLED') {
        // Unverified: Xendit's documents name no code for this refusal, so nothing should depend on the name.
        throw new XenditRefusal(400, 'INVOICE_ALREADY_PAID', 'Invoice has been paid and can not be expired.')
      }
      if (invoice.status === 'PENDING') {
        moveTo(invoice, 'EXPIRED')
        outside.changed(invoice)
      }
      return invoice
    },
    /** The money reaches the balance. Unverified whether Xendit calls back for it: `notify` decides. */
    settle: (id: string, notify = true): Invoice => {
      const invoice = get(id)
      if (invoice.status === 'EXPIRED') throw new XenditRefusal(409, 'INVOICE_EXPIRED', 'This invoice was never paid.')
      if (invoice.status === 'PENDING') takeMoney(invoice, paySchema.parse({}))
      moveTo(invoice, 'SETTLED')
      if (notify) outside.changed(invoice)
      return invoice
    },
    expireDue: () => {
      for (const invoice of pending) expireIfDue(invoice)
    },
    reset() {
      invoices.clear()
      byExternalId.clear()
      pending.clear()
    },
  }
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

function definedOnly<Fields extends object>(fields: Fields): Defined<Fields> {
  // Object.fromEntries forgets the names; the values are the same ones without the undefined.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>
}
