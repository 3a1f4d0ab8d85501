import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { recordOf, respond, textOf, type Answer, type SimulatedWorld } from './answering.ts'
import { createInvoiceBook, paySchema, XenditRefusal, type Invoice } from './xendit-invoices.ts'
import { createPayoutBook, payoutRoutes } from './xendit-payouts.ts'
import { createRefundBook, refundRoutes, type RefundRules } from './xendit-refunds.ts'
import { createStatement, statementRoutes } from './xendit-statements.ts'
import { createWebhooks, type WebhookEvent, type WebhookOptions } from './xendit-webhooks.ts'

export interface XenditOptions extends WebhookOptions {
  secretKey: string
  /** Calls a minute to one endpoint before 429; Xendit allows 60 in test mode and 600 live. Left out: no limit. */
  rateLimitPerMinute?: number | undefined
  /** What becomes of refunds; left out: they succeed by themselves, a little after they were made. */
  refunds?: RefundRules | undefined
}

export type Xendit = ReturnType<typeof createXendit>

/** Xendit as xendit-node 7 meets it, with its callbacks. */
export function createXendit(world: SimulatedWorld, options: XenditOptions) {
  const webhooks = createWebhooks(world, options)
  const lastEvents = new Map<string, Promise<WebhookEvent>>()
  const book = createInvoiceBook({
    now: () => world.now(),
    invoiceUrl: (id) => `${world.baseUrl()}/checkout/${id}`,
    changed: (invoice) => {
      const event = webhooks.invoiceChanged(invoice)
      lastEvents.set(invoice.id, event)
      void event.then(() => {
        if (lastEvents.get(invoice.id) === event) lastEvents.delete(invoice.id)
      })
    },
  })
  const payouts = createPayoutBook({ now: () => world.now(), announce: webhooks.announce })
  const refunds = createRefundBook(world, { invoice: (id) => book.find(id), webhooks, rules: options.refunds ?? { outcome: 'succeeded' } })
  const statement = createStatement(() => book.all())
  const called = async (invoice: Invoice) => {
    await lastEvents.get(invoice.id)
    return invoice
  }
  return {
    book,
    payouts,
    refunds,
    statement,
    webhooks,
    rateLimit: createRateLimit(world, options.rateLimitPerMinute),
    authorization: `Basic ${Buffer.from(`${options.secretKey}:`).toString('base64')}`,
    // These resolve when the callback was sent, or waits for its turn.
    pay: async (id: string, pay?: z.input<typeof paySchema>) => called(book.pay(id, pay)),
    expire: async (id: string) => called(book.expire(id)),
    settle: async (id: string, notify?: boolean) => called(book.settle(id, notify)),
    reset() {
      book.reset()
      payouts.reset()
      refunds.reset()
      statement.reset()
      webhooks.reset()
    },
  }
}

const settleSchema = z.strictObject({ notify: z.boolean().default(true) })
const webhookUrlsSchema = z.strictObject({ urls: z.array(z.url()) })
const sendWebhookSchema = z.strictObject({
  body: z.record(z.string(), z.unknown()),
  token: z.string().optional(),
  webhookId: z.string().optional(),
  kind: z.enum(['invoice', 'refund', 'payout']).optional(),
})

/** The routes that xendit-node calls, and those by which a person or a script plays the payer. */
export function xenditRoutes(app: FastifyInstance, world: SimulatedWorld, xendit: Xendit) {
  const { book, refunds, webhooks } = xendit

  const asXendit = (operation: string, answer: (request: FastifyRequest<IdParam>) => unknown) => {
    return (request: FastifyRequest<IdParam>, reply: FastifyReply) =>
      respond(world, {
        provider: 'xendit',
        operation,
        reply,
        failure: xenditFailure,
        answer: () => {
          const limit = xendit.rateLimit(operation)
          if (limit.exceeded) return { ...xenditFailure(429, limit.resetSeconds), headers: limit.headers }
          if (request.headers.authorization !== xendit.authorization) return { ...unauthorized, headers: limit.headers }
          try {
            return { status: 200, body: answer(request), headers: limit.headers }
          } catch (error) {
            if (error instanceof XenditRefusal) return { ...refusalAnswer(error), headers: limit.headers }
            throw error
          }
        },
      })
  }
  const create = asXendit('create', (request) => {
    if (request.body instanceof SyntaxError) {
      throw new XenditRefusal(400, 'INVALID_JSON_FORMAT', 'The request body is not valid JSON.')
    }
    return book.create(request.body)
  })
  app.post('/v2/invoices/', create)
  app.post('/v2/invoices', create)
  app.get('/v2/invoices', asXendit('list', (request) => listInvoices(book.all, request.query)))
  app.get('/v2/invoices/:id', asXendit('get', (request) => book.get(request.params.id)))
  app.post('/invoices/:id/expire!', asXendit('expire', (request) => book.expire(request.params.id)))

  // From here on it is the world of the simulator, not Xendit's: no sign-in, no faults.
  const script = (act: (request: FastifyRequest<IdParam>) => unknown) => {
    return async (request: FastifyRequest<IdParam>, reply: FastifyReply) => {
      try {
        return await act(request)
      } catch (error) {
        const answer = scriptRefusal(error)
        return reply.code(answer.status).send(answer.body)
      }
    }
  }
  refundRoutes(app, refunds, { asXendit, script })
  app.get('/invoices/:id', script((request) => book.get(request.params.id)))
  app.post(
    '/invoices/:id/pay',
    script((request) => xendit.pay(request.params.id, paySchema.parse(scriptBody(request) ?? {}))),
  )
  app.post('/invoices/:id/expire', script((request) => xendit.expire(request.params.id)))
  app.post(
    '/invoices/:id/settle',
    script((request) => xendit.settle(request.params.id, settleSchema.parse(scriptBody(request) ?? {}).notify)),
  )
  payoutRoutes(app, { asXendit, script }, xendit.payouts)
  statementRoutes(app, { asXendit, script }, xendit.statement)
  app.get('/webhooks', script((request) => ({ items: webhooks.events(textOf(request.query, 'subjectId') ?? textOf(request.query, 'invoiceId')) })))
  app.post(
    '/webhooks',
    script((request) => {
      const { body, token, webhookId, kind } = sendWebhookSchema.parse(scriptBody(request))
      return webhooks.send(body, { ...(token !== undefined && { token }), ...(webhookId !== undefined && { webhookId }), ...(kind !== undefined && { kind }) })
    }),
  )
  app.post(
    '/webhooks/:id/resend',
    script(async (request) => {
      const event = await webhooks.resend(request.params.id)
      if (!event) throw new XenditRefusal(404, 'WEBHOOK_NOT_FOUND', 'No webhook has this id.')
      return event
    }),
  )
  app.put(
    '/webhook-urls',
    script((request) => {
      const { urls } = webhookUrlsSchema.parse(scriptBody(request))
      webhooks.setUrls(urls)
      return { urls }
    }),
  )
}

interface IdParam {
  Params: { id: string }
}

const unauthorized: Answer = {
  status: 401,
  body: {
    error_code: 'INVALID_API_KEY',
    message: 'API key is not authorized for this API service or the API key is invalid.',
  },
}

/** The body of a call to the simulators' own routes; throws the refusal of one that is no JSON. */
export function scriptBody(request: { body: unknown }): unknown {
  if (request.body instanceof SyntaxError) throw new XenditRefusal(400, 'INVALID_BODY', 'The body is not valid JSON.')
  return request.body
}

/** Also for the simulator's own routes: the words of a refusal with its status. */
export function scriptRefusal(error: unknown): Answer {
  if (error instanceof XenditRefusal) return refusalAnswer(error)
  if (error instanceof z.ZodError) {
    return { status: 400, body: { error_code: 'INVALID_BODY', message: z.prettifyError(error) } }
  }
  throw error
}

function refusalAnswer(refusal: XenditRefusal): Answer {
  const body = { error_code: refusal.code, message: refusal.message, ...(refusal.details && { errors: refusal.details }) }
  return { status: refusal.status, body }
}

function xenditFailure(status: number, retryAfterSeconds: number | null): Answer {
  const headers: Record<string, string> = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }
  if (status === 429) {
    Object.assign(headers, {
      'rate-limit-limit': '60',
      'rate-limit-remaining': '0',
      'rate-limit-reset': String(retryAfterSeconds ?? 60),
    })
    return {
      status,
      headers,
      body: { error_code: 'RATE_LIMIT_EXCEEDED', message: 'You have exceeded the limit of requests per minute.' },
    }
  }
  return { status, headers, body: { error_code: 'SERVER_ERROR', message: 'Error connecting to our server' } }
}

/** A fixed minute for each endpoint. */
function createRateLimit(world: SimulatedWorld, perMinute: number | undefined) {
  const windows = new Map<string, { endsAt: number; used: number }>()
  return (operation: string) => {
    if (perMinute === undefined) return { exceeded: false, resetSeconds: 0, headers: {} }
    const now = world.now()
    let window = windows.get(operation)
    if (!window || window.endsAt <= now) windows.set(operation, (window = { endsAt: now + 60_000, used: 0 }))
    window.used += 1
    const resetSeconds = Math.ceil((window.endsAt - now) / 1_000)
    const headers = {
      'rate-limit-limit': String(perMinute),
      'rate-limit-remaining': String(Math.max(0, perMinute - window.used)),
      'rate-limit-reset': String(resetSeconds),
    }
    return { exceeded: window.used > perMinute, resetSeconds, headers }
  }
}

/** `GET /v2/invoices`: the newest first, ten unless told, with the filters that xendit-node knows. */
function listInvoices(all: (externalId?: string) => Invoice[], query: unknown): Invoice[] {
  const text = (name: string) => textOf(query, name)
  const list = (name: string) => [recordOf(query)[name] ?? []].flat().map(String)
  const limit = Number(text('limit') ?? 10)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'limit must be between 1 and 100')
  }
  const between = (name: 'created' | 'paid' | 'expired', at: string | undefined) => {
    const after = text(`${name}_after`)
    const before = text(`${name}_before`)
    if (after === undefined && before === undefined) return true
    if (at === undefined) return false
    const time = Date.parse(at)
    return (after === undefined || time > Date.parse(after)) && (before === undefined || time < Date.parse(before))
  }
  const statuses = list('statuses')
  const channels = list('payment_channels')
  const clients = list('client_types')
  const found = all(text('external_id'))
    .toReversed()
    .filter(
      (invoice) =>
        (statuses.length === 0 || statuses.includes(invoice.status)) &&
        (channels.length === 0 || channels.includes(invoice.payment_channel ?? '')) &&
        (clients.length === 0 || clients.includes('API_GATEWAY')) &&
        between('created', invoice.created) &&
        between('paid', invoice.paid_at) &&
        // Unverified whether Xendit means the planned or the real end; they differ only for invoices expired by call.
        between('expired', invoice.status === 'EXPIRED' ? invoice.expiry_date : undefined),
    )
  // Invoices of on-demand links and recurring plans are never made here.
  if (text('on_demand_link') !== undefined || text('recurring_payment_id') !== undefined) return []
  const last = text('last_invoice')
  const start = last === undefined ? 0 : found.findIndex((invoice) => invoice.id === last) + 1
  return found.slice(start, start + limit)
}
