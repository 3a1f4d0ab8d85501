/** What is read of an event about a payout, or helps a person: all else is let go, bank accounts and their holders above all. */
const KEPT = new Set([
  'event', 'business_id', 'created', 'updated', 'data', 'id', 'reference_id', 'status', 'amount', 'currency', 'channel_code', 'failure_code', 'estimated_arrival_time', 'connector_reference',
])
const MOST_DEPTH = 4

/** A payout's event without what an account could be paid by. What is no JSON object is kept for its shape alone. */
export function stripAccounts(body: Buffer): Buffer {
  try {
    return Buffer.from(JSON.stringify(keep(JSON.parse(body.toString('utf8')), 0)))
  } catch {
    // As bytes: whatever encoding it is in, digits and quotes are ASCII.
    return Buffer.from(body.toString('latin1').replaceAll(/\d{5,}/g, '*****').replaceAll(/"[^"]*"/g, '"*"'), 'latin1')
  }
}

function keep(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return []
  if (typeof value !== 'object' || value === null) return depth === 0 ? null : value
  if (depth === MOST_DEPTH) return {}
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => (KEPT.has(name) ? [[name, keep(inner, depth + 1)]] : [])))
}
