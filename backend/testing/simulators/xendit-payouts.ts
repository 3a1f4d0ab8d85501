import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { recordOf, textOf } from './answering.ts'
import { XenditRefusal } from './xendit-invoices.ts'
import type { WebhookEvent, XenditWebhooks } from './xendit-webhooks.ts'

const text = z.string().min(1).max(255)

/** What `POST /v2/payouts` takes; loose, because fields that Xendit doesn't know are ignored by it. */
const createPayoutBody = z.looseObject({
  reference_id: text,
  channel_code: z.string().regex(/^ID_[A-Z_]+$/),
  channel_properties: z.looseObject({ account_holder_name: text.optional(), account_number: text }),
  amount: z.number().min(1).max(50_000_000_000),
  currency: z.enum(['IDR', 'PHP', 'VND', 'THB', 'MYR']),
  description: z.string().max(100).optional(),
})

/** A payout exactly as Xendit puts it on the wire. */
export interface SimulatedPayout extends z.output<typeof createPayoutBody> {
  id: string
  business_id: string
  status: string
  failure_code?: string
  created: string
  updated: string
  estimated_arrival_time: string
}

/** What `POST /xendit/payouts/:id/move` takes: any status, also those that the SDK does not know. */
const moveSchema = z.strictObject({ status: z.string().regex(/^[A-Z_]+$/), failureCode: z.string().optional(), notify: z.boolean().default(true), v3: z.boolean().default(false) })
export type MovePayout = z.input<typeof moveSchema>
const refusal = z.strictObject({ status: z.int().min(400).max(499), code: z.string() }).nullable().default(null)
/**
 * How calls are refused from now on; null: not at all. `refuse`: every creation under a new key; `refuseRepeated`: one under
 * a key that has made a payout; `refuseList`: the list. `listLags`: the list knows of no payout yet. `bareList`: the list as
 * Xendit's reference shows it, without the object around it that its SDK knows.
 */
const ruleSchema = z.strictObject({ refuse: refusal, refuseRepeated: refusal, refuseList: refusal, listLags: z.boolean().default(false), bareList: z.boolean().default(false) })
export type PayoutRule = z.input<typeof ruleSchema>

const BUSINESS = '5f27a14a9bf05c73dd040bc8'
const CHANNELS = ['BCA', 'BNI', 'BRI', 'MANDIRI', 'BSI', 'CIMB', 'PERMATA', 'DANA', 'OVO'].map((code) => ({
  channel_code: `ID_${code}`, channel_category: ['DANA', 'OVO'].includes(code) ? 'EWALLET' : 'BANK', currency: 'IDR', channel_name: code,
  amount_limits: { minimum: 10_000, maximum: 1_999_999_999, minimum_increment: 1 },
}))

export type PayoutBook = ReturnType<typeof createPayoutBook>

/** Payouts as Xendit keeps them: made once for each idempotency key, and moved by a script as banks would. */
export function createPayoutBook(parts: { now(): number; announce: XenditWebhooks['announce'] }) {
  const payouts = new Map<string, SimulatedPayout>()
  const byKey = new Map<string, { asked: string; id: string }>()
  let rule = ruleSchema.parse({})
  const at = () => new Date(parts.now()).toISOString()

  function get(id: string): SimulatedPayout {
    const payout = payouts.get(id)
    if (!payout) throw new XenditRefusal(404, 'DATA_NOT_FOUND', 'Payout not found.')
    return payout
  }

  return {
    get,
    /** Of a reference, as the provider's own list has them: the oldest first. */
    listed(referenceId: string): SimulatedPayout[] {
      if (rule.refuseList) throw refusedBy(rule.refuseList)
      return rule.listLags ? [] : this.all(referenceId)
    },
    isBare: () => rule.bareList,
    /** The oldest first. */
    all: (referenceId?: string) => [...payouts.values()].filter((payout) => referenceId === undefined || payout.reference_id === referenceId),
    create(key: string | undefined, body: unknown): SimulatedPayout {
      if (!key) throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'idempotency-key is required')
      const asked = JSON.stringify(body)
      const made = byKey.get(key)
      if (made && made.asked !== asked) throw new XenditRefusal(409, 'DUPLICATE_ERROR', 'Idempotency key has been used before with another request.')
      if (made && rule.refuseRepeated) throw refusedBy(rule.refuseRepeated)
      if (made) return get(made.id)
      const read = createPayoutBody.safeParse(body)
      if (!read.success) throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'There is an error with the format submitted to the server.', read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })))
      if (rule.refuse) throw refusedBy(rule.refuse)
      // Xendit cuts decimals of rupiah off.
      const payout = { ...read.data, amount: Math.trunc(read.data.amount), id: `disb-${randomUUID()}`, business_id: BUSINESS, status: 'ACCEPTED', created: at(), updated: at(), estimated_arrival_time: at() }
      payouts.set(payout.id, payout)
      byKey.set(key, { asked, id: payout.id })
      return payout
    },
    cancel(id: string): SimulatedPayout {
      const payout = get(id)
      if (payout.status !== 'ACCEPTED') throw new XenditRefusal(409, 'PAYOUT_CANNOT_BE_CANCELLED', 'The payout is on its way.')
      return Object.assign(payout, { status: 'CANCELLED', updated: at() })
    },
    /** The bank's word; resolves when its webhook was sent, or waits for its turn. */
    move: async (id: string, move: MovePayout): Promise<WebhookEvent | undefined> => {
      const { status, failureCode, notify, v3 } = moveSchema.parse(move)
      const payout = Object.assign(get(id), { status, updated: at() }, failureCode === undefined ? {} : { failure_code: failureCode })
      return notify ? parts.announce('payout', id, callbackOf(payout, v3)) : undefined
    },
    /** What the provider would tell of a payout in this status, without its being so. */
    callback: (id: string, status: string) => callbackOf({ ...get(id), status }, false),
    setRule: (next: PayoutRule) => void (rule = ruleSchema.parse(next)),
    reset() {
      payouts.clear()
      byKey.clear()
      rule = ruleSchema.parse({})
    },
  }
}

function refusedBy({ status, code }: { status: number; code: string }): XenditRefusal {
  return new XenditRefusal(status, code, 'The payout was refused.')
}

// The documented envelope; the account's number is not in it.
function callbackOf(payout: SimulatedPayout, v3: boolean): Record<string, unknown> {
  const { channel_properties: _account, ...data } = payout
  return { event: `${v3 ? 'v3_' : ''}payout.${payout.status.toLowerCase()}`, business_id: payout.business_id, created: payout.updated, data }
}

interface IdParam {
  Params: { id: string }
}
type Handler = (request: FastifyRequest<IdParam>, reply: FastifyReply) => Promise<unknown>
type Parts = {
  /** As Xendit answers: signed in, with whatever faults are in force. */
  asXendit: (operation: string, answer: (request: FastifyRequest<IdParam>) => unknown) => Handler
  /** As the simulator answers a script. */
  script: (act: (request: FastifyRequest<IdParam>) => unknown) => Handler
}

/** The routes of payouts that xendit-node calls, and those by which a script plays the banks. */
export function payoutRoutes(app: FastifyInstance, { asXendit, script }: Parts, book: PayoutBook) {
  app.post('/v2/payouts', asXendit('payout-create', (request) => book.create(textOf(request.headers, 'idempotency-key'), request.body)))
  app.get('/v2/payouts', asXendit('payout-list', (request) => listPayouts(book, request.query)))
  app.get('/v2/payouts/:id', asXendit('payout-get', (request) => book.get(request.params.id)))
  app.post('/v2/payouts/:id/cancel', asXendit('payout-cancel', (request) => book.cancel(request.params.id)))
  app.get('/payouts_channels', asXendit('channels', (request) => {
    const code = textOf(request.query, 'channel_code')
    return CHANNELS.filter((channel) => code === undefined || channel.channel_code === code)
  }))

  app.get('/payouts', script((request) => ({ items: book.all(textOf(request.query, 'referenceId')) })))
  app.get('/payouts/:id', script((request) => book.get(request.params.id)))
  app.post('/payouts/:id/move', script(async (request) => {
    await book.move(request.params.id, moveSchema.parse(request.body))
    return book.get(request.params.id)
  }))
  app.put('/payout-rules', script((request) => {
    book.setRule(ruleSchema.parse(request.body))
    return request.body
  }))
}

/** `GET /v2/payouts`: the newest first, by reference, with links as Xendit pages. */
function listPayouts(book: PayoutBook, query: unknown) {
  const reference = textOf(query, 'reference_id')
  if (reference === undefined) throw new XenditRefusal(400, 'API_VALIDATION_ERROR', 'reference_id is required')
  const limit = Number(recordOf(query)['limit'] ?? 10)
  const found = book.listed(reference).toReversed()
  const after = textOf(query, 'after_id')
  const start = after === undefined ? 0 : found.findIndex((payout) => payout.id === after) + 1
  if (book.isBare()) return found.slice(start, start + limit)
  return { data: found.slice(start, start + limit), has_more: found.length > start + limit, links: { href: '', rel: 'next', method: 'GET' } }
}
