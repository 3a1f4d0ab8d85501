/** What a webhook about a refund claims. None of it is believed; it only says where to look. */
export type RefundEvent = {
  providerRefundId: string
  referenceId: string | undefined
  status: string
  amountIdr: number | undefined
  currency: string | undefined
}

/** Reads leniently what is needed, whichever depth it stands at; undefined: the body is not about a refund. */
export function readRefundEvent(body: Buffer): RefundEvent | undefined {
  const envelope = parse(body)
  // The provider's own sample wraps `data` in a second one.
  const outer = recordOf(envelope['data'])
  const inner = recordOf(outer['data'])
  const fields = [inner, outer, envelope].find((one) => typeof one['id'] === 'string' && one['id'] !== '')
  if (!fields) return undefined
  const status = textOf(fields['status']) ?? textOf(envelope['event'])?.split('.').at(-1)
  if (status === undefined) return undefined
  return {
    providerRefundId: String(fields['id']), referenceId: textOf(fields['reference_id']), status: status.toUpperCase(),
    amountIdr: numberOf(fields['amount']), currency: textOf(fields['currency']),
  }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(body.toString('utf8')))
  } catch {
    return {}
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined
}
