import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { recordOf, textOf, type SimulatedWorld } from './answering.ts'
import { XenditRefusal, type Invoice } from './xendit-invoices.ts'
import type { WebhookEvent, XenditWebhooks } from './xendit-webhooks.ts'

const createRefundBody = z.looseObject({
  invoice_id: z.string().optional(),
  payment_request_id: z.string().optional(),
  reference_id: z.string().max(255).optional(),
  amount: z.number().positive().optional(),
  currency: z.string().optional(),
  reason: z.enum(['FRAUDULENT', 'DUPLICATE', 'REQUESTED_BY_CUSTOMER', 'CANCELLATION', 'OTHERS']),
  metadata: z.record(z.string(), z.unknown()).nullable().optional(),
})

/** A refund exactly as Xendit puts it on the wire. */
export interface Refund {
  id: string
  payment_id: string
  invoice_id: string
  amount: number
  payment_method_type: string
  channel_code: string
  country: 'ID'
  currency: string
  status: 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
  reason: string
  reference_id: string | null
  failure_code: string | null
  refund_fee_amount: number | null
  metadata: Record<string, unknown> | null
  created: string
  updated: string
}

/** The body of `PUT /xendit/refund-rules`: what becomes of refunds that are made from now on. */
const rulesSchema = z.strictObject({
  /** Channels whose payments cannot be refunded; every other one can. Which those really are is unverified. */
  refusedChannels: z.array(z.string()).default([]),
  /** What becomes of a refund by itself, a little after it was made; null leaves it pending. */
  outcome: z.enum(['succeeded', 'failed']).nullable().default(null),
  /** As in the sample of Xendit's documents, where `data` stands in a second `data`. */
  nested: z.boolean().default(false),
})
export type RefundRules = z.input<typeof rulesSchema>

const outcomeAfterMs = 1000

export type RefundBook = ReturnType<typeof createRefundBook>

/** Xendit's side of our refunds: PENDING → SUCCEEDED | FAILED | CANCELLED, and the webhook of each outcome. */
export function createRefundBook(world: SimulatedWorld, outside: { invoice(id: string): Invoice | undefined; webhooks: Pick<XenditWebhooks, 'announce'>; rules: RefundRules }) {
  const refunds = new Map<string, Refund>()
  const byKey = new Map<string, { refund: Refund; body: string }>()
  let rules = rulesSchema.parse(outside.rules)
  const timestamp = () => new Date(world.now()).toISOString()

  function get(id: string): Refund {
    const refund = refunds.get(id)
    if (!refund) throw new XenditRefusal(404, 'DATA_NOT_FOUND', 'Refund not found')
    return refund
  }

  /** Resolves when its webhook was sent, or waits for its turn. */
  async function finish(id: string, status: 'SUCCEEDED' | 'FAILED', failureCode: string | null = null): Promise<Refund> {
    const refund = get(id)
    if (refund.status !== 'PENDING') throw new XenditRefusal(409, 'REFUND_FINISHED', `This refund is ${refund.status} already.`)
    Object.assign(refund, { status, failure_code: failureCode, updated: timestamp() })
    await announce(refund)
    return refund
  }

  function announce(refund: Refund): Promise<WebhookEvent> {
    const data = { ...refund }
    return outside.webhooks.announce('refund', refund.id, {
      event: `refund.${refund.status.toLowerCase()}`, business_id: '5f9a3fbd571a1c4068aa40ce', created: refund.updated, data: rules.nested ? { data } : data,
    })
  }

  function make(wanted: z.output<typeof createRefundBody>): Refund {
    const invoice = wanted.invoice_id === undefined ? undefined : outside.invoice(wanted.invoice_id)
    if (wanted.invoice_id !== undefined && invoice === undefined) throw new XenditRefusal(404, 'DATA_NOT_FOUND', 'Invoice not found')
    if (!invoice?.payment_id) throw new XenditRefusal(400, 'TRANSACTION_NOT_FOUND', 'No payment was found for this refund')
    if (rules.refusedChannels.includes(invoice.payment_channel ?? '')) throw new XenditRefusal(400, 'REFUND_NOT_SUPPORTED', 'Refunds are not supported for this channel')
    if (wanted.currency !== undefined && wanted.currency !== invoice.currency) throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'The currency is not that of the payment')
    const before = [...refunds.values()].filter((refund) => refund.invoice_id === invoice.id && refund.status !== 'FAILED' && refund.status !== 'CANCELLED')
    const left = (invoice.paid_amount ?? 0) - before.reduce((sum, refund) => sum + refund.amount, 0)
    const amount = wanted.amount ?? left
    if (amount <= 0 || amount > left) throw new XenditRefusal(400, 'MAXIMUM_REFUND_AMOUNT_REACHED', 'The refund is more than what is left of the payment')
    const at = timestamp()
    return {
      id: `rfd-${randomUUID()}`, payment_id: invoice.payment_id, invoice_id: invoice.id, amount, payment_method_type: invoice.payment_method ?? '',
      channel_code: invoice.payment_channel ?? '', country: 'ID', currency: invoice.currency, status: 'PENDING', reason: wanted.reason, reference_id: wanted.reference_id ?? null,
      failure_code: null, refund_fee_amount: null, metadata: wanted.metadata ?? null, created: at, updated: at,
    }
  }

  return {
    get,
    /** The same idempotency key answers the first refund; with another body it is refused. */
    create(body: unknown, key: string | undefined): Refund {
      const parsed = createRefundBody.safeParse(body)
      if (!parsed.success) throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'There was an error with the format submitted to the server.')
      const text = JSON.stringify(body)
      const known = key === undefined ? undefined : byKey.get(key)
      if (known && known.body !== text) throw new XenditRefusal(409, 'IDEMPOTENCY_ERROR', 'The idempotency key was used with another body')
      if (known) return known.refund
      const refund = make(parsed.data)
      refunds.set(refund.id, refund)
      if (key !== undefined) byKey.set(key, { refund, body: text })
      const { outcome } = rules
      if (outcome !== null) {
        world.life.after(outcomeAfterMs, () => {
          if (refund.status === 'PENDING' && refunds.has(refund.id)) void finish(refund.id, outcome === 'succeeded' ? 'SUCCEEDED' : 'FAILED', outcome === 'failed' ? 'ACCOUNT_NOT_FOUND' : null)
        })
      }
      return refund
    },
    cancel(id: string): Refund {
      const refund = get(id)
      if (refund.status !== 'PENDING') throw new XenditRefusal(409, 'REFUND_FINISHED', 'The refund can not be cancelled any more')
      return Object.assign(refund, { status: 'CANCELLED', updated: timestamp() })
    },
    /** The newest first. */
    all: (invoiceId?: string): Refund[] => [...refunds.values()].filter((refund) => invoiceId === undefined || refund.invoice_id === invoiceId).toReversed(),
    succeed: (id: string) => finish(id, 'SUCCEEDED'),
    fail: (id: string, failureCode = 'ACCOUNT_NOT_FOUND') => finish(id, 'FAILED', failureCode),
    setRules(next: RefundRules): RefundRules {
      return (rules = rulesSchema.parse(next))
    },
    reset() {
      refunds.clear()
      byKey.clear()
      rules = rulesSchema.parse(outside.rules)
    },
  }
}

interface IdParam {
  Params: { id: string }
}
type Handler = (request: FastifyRequest<IdParam>, reply: FastifyReply) => Promise<unknown>
type Parts = {
  /** As Xendit answers this call. */
  asXendit: (operation: string, answer: (request: FastifyRequest<IdParam>) => unknown) => Handler
  /** As the simulator answers a script. */
  script: (act: (request: FastifyRequest<IdParam>) => unknown) => Handler
}

const failSchema = z.strictObject({ failureCode: z.string().default('ACCOUNT_NOT_FOUND') })

/** The routes of refunds that xendit-node calls, and those by which a script plays what happens to them. */
export function refundRoutes(app: FastifyInstance, book: RefundBook, { asXendit, script }: Parts) {
  app.post('/refunds', asXendit('refund-create', (request) => {
    const key = request.headers['idempotency-key']
    return book.create(request.body, typeof key === 'string' ? key : undefined)
  }))
  app.get('/refunds', asXendit('refund-list', (request) => listRefunds(book, request.query)))
  app.get('/refunds/:id', asXendit('refund-get', (request) => book.get(request.params.id)))
  app.post('/refunds/:id/cancel', asXendit('refund-cancel', (request) => book.cancel(request.params.id)))

  app.post<IdParam>('/refunds/:id/succeed', script((request) => book.succeed(request.params.id)))
  app.post<IdParam>('/refunds/:id/fail', script((request) => book.fail(request.params.id, failSchema.parse(request.body ?? {}).failureCode)))
  app.put<IdParam>('/refund-rules', script((request) => book.setRules(rulesSchema.parse(request.body))))
}

function listRefunds(book: RefundBook, query: unknown) {
  const limit = Number(recordOf(query)['limit'] ?? 10)
  const found = book.all(textOf(query, 'invoice_id'))
  const after = textOf(query, 'after_id')
  const start = after === undefined ? 0 : found.findIndex((refund) => refund.id === after) + 1
  return { data: found.slice(start, start + limit), has_more: found.length > start + limit }
}
