import type { Payment } from './types.ts'

/** What a webhook about an invoice claims. None of it is believed; it only says where to look. */
export type InvoiceEvent = {
  invoiceId: string
  externalId: string
  status: string
  amountIdr: number | undefined
  paidIdr: number | undefined
  currency: string | undefined
}

export type Claim = 'nothing' | 'paid' | 'expired' | 'amount_mismatch' | 'currency_mismatch'

/** Reads leniently what is needed; undefined: the body is not about an invoice of anybody. */
export function readEvent(body: Buffer): InvoiceEvent | undefined {
  const fields = parseRecord(body)
  const { id, external_id: externalId, status } = fields
  if (typeof id !== 'string' || id === '' || typeof externalId !== 'string' || typeof status !== 'string') return undefined
  return {
    invoiceId: id, externalId, status: status.toUpperCase(),
    amountIdr: number(fields['amount']), paidIdr: number(fields['paid_amount']),
    currency: typeof fields['currency'] === 'string' ? fields['currency'] : undefined,
  }
}

/** What an event about this payment asks us to find out, or why it is for staff. */
export function judgeEvent(payment: Pick<Payment, 'amountIdr'>, event: InvoiceEvent): Claim {
  if (event.status === 'EXPIRED') return 'expired'
  if (event.status !== 'PAID' && event.status !== 'SETTLED') return 'nothing'
  if (event.amountIdr !== payment.amountIdr) return 'amount_mismatch'
  return event.currency === 'IDR' ? 'paid' : 'currency_mismatch'
}

function parseRecord(body: Buffer): Record<string, unknown> {
  try {
    const json = JSON.parse(body.toString('utf8')) as unknown
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : {}
  } catch {
    return {}
  }
}

function number(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined
}
