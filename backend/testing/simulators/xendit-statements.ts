import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { recordOf, textOf } from './answering.ts'
import type { Invoice } from './xendit-invoices.ts'
import type { payoutRoutes } from './xendit-payouts.ts'

const number = z.number()
/** What `PUT /xendit/transactions/:id` takes: a fee as the provider would never tell of it, for instance. */
const changeSchema = z.strictObject({
  currency: z.string().optional(),
  /** Fields as they then stand on the wire, whatever sense they make: an id that is missing, a sum that is a word. */
  raw: z.record(z.string(), z.unknown()).optional(),
  fee: z.strictObject({ xendit_fee: number, value_added_tax: number, xendit_withholding_tax: number, third_party_withholding_tax: number, status: z.string() }).partial().optional(),
})
export type ChangeLine = z.input<typeof changeSchema>

/** A line of the account's statement exactly as Xendit puts it on the wire. */
export type SimulatedLine = ReturnType<typeof lineOf>

const BUSINESS = '5f27a14a9bf05c73dd040bc8'
/** A flat fee a payment and the value added tax on it, as Indonesian bank transfers have. */
const FEE_IDR = 4000
const TAX_IDR = 440

/** The account's statement: a line for every invoice that was paid; its fee is final once the money is settled. */
export function createStatement(invoices: () => Invoice[]) {
  const changes = new Map<string, ChangeLine>()
  const lines = (): SimulatedLine[] => invoices().filter((invoice) => invoice.paid_at !== undefined).map((invoice) => {
    const line = lineOf(invoice)
    const change = changes.get(line.id)
    return { ...line, ...(change?.currency !== undefined && { currency: change.currency }), fee: { ...line.fee, ...definedOf(change?.fee) } }
  })
  return {
    lines,
    /** As `GET /transactions` tells of it. */
    told: (line: SimulatedLine): Record<string, unknown> => ({ ...line, ...changes.get(line.id)?.raw }),
    change: (id: string, change: ChangeLine) => {
      changes.set(id, changeSchema.parse(change))
    },
    /** Everything that came in, less final fees. */
    balance: () => lines().reduce((sum, { amount, fee }) => sum + amount - (fee.status === 'COMPLETED' ? fee.xendit_fee + fee.value_added_tax : 0), 0),
    reset: () => changes.clear(),
  }
}

/** `GET /balance` and `GET /transactions`, and the script's way to change a line. */
export function statementRoutes(app: FastifyInstance, { asXendit, script }: Parameters<typeof payoutRoutes>[1], statement: ReturnType<typeof createStatement>): void {
  app.get('/balance', asXendit('balance', () => ({ balance: statement.balance() })))
  app.get('/transactions', asXendit('transactions', (request) => {
    const updatedAfter = Date.parse(textOf(request.query, 'updated[gte]') ?? '') || 0
    const limit = Math.min(50, Number(textOf(request.query, 'limit') ?? 10))
    const found = statement.lines().filter((line) => Date.parse(line.updated) >= updatedAfter).toReversed()
    const after = textOf(request.query, 'after_id')
    const start = after === undefined ? 0 : found.findIndex((line) => line.id === after) + 1
    const data = found.slice(start, start + limit)
    return { data: data.map(statement.told), has_more: start + limit < found.length, links: [] }
  }))
  app.put('/transactions/:id', script((request) => {
    statement.change(request.params.id, changeSchema.parse(recordOf(request.body)))
    return {}
  }))
}

function lineOf(invoice: Invoice) {
  return {
    id: `txn_${invoice.id}`, product_id: invoice.id, type: 'PAYMENT', status: 'SUCCESS', channel_category: 'VIRTUAL_ACCOUNT', channel_code: invoice.payment_channel ?? null,
    account_identifier: null, reference_id: invoice.external_id, currency: invoice.currency, amount: invoice.paid_amount ?? invoice.amount, cashflow: 'MONEY_IN',
    settlement_status: invoice.status === 'SETTLED' ? 'SETTLED' : 'PENDING', estimated_settlement_time: null, business_id: BUSINESS,
    fee: { xendit_fee: FEE_IDR, value_added_tax: TAX_IDR, xendit_withholding_tax: 0, third_party_withholding_tax: 0, status: invoice.status === 'SETTLED' ? 'COMPLETED' : 'PENDING' },
    created: invoice.paid_at!, updated: invoice.updated,
  }
}

type Fee = SimulatedLine['fee']
function definedOf(fee: ChangeLine['fee']): Partial<Fee> {
  // The schema lets out what is not there only as undefined: the values left are the same ones.
  return Object.fromEntries(Object.entries(fee ?? {}).filter(([, value]) => value !== undefined)) as Partial<Fee>
}
