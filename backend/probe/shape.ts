/** Fields whose words say what kind of thing something is; everything else is somebody's. */
const KEPT = new Set([
  'status', 'currency', 'country', 'error_code', 'code', 'errorCode', 'reason', 'failure_code', 'channel_code', 'channel_category', 'type', 'cashflow',
  'settlement_status', 'payment_method', 'payment_method_type', 'payment_channel', 'channel', '@type', 'method', 'rel', 'field',
])
const WORD = /^[A-Za-z][A-Za-z0-9_./-]{0,79}$/
const SHORT_CODE = /^\d{1,8}$/
const TIME = /^\d{4}-\d\d-\d\dT/
const FIELD = /^[A-Za-z@_][\w@-]{0,60}$/

export const PLACEHOLDERS = { text: 'text', time: '2000-01-01T00:00:00.000Z', url: 'https://example.com/' } as const

/**
 * What an answer is made of, and nothing of what it says: ids, amounts, names, numbers, tokens and links become
 * placeholders of their type, a list one element that has every field, fields stand in order. Kept are booleans, the
 * words in `KEPT`, and of a `message` whatever is plain language.
 */
export function shapeOf(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [value.map((item) => shapeOf(item, field)).reduce(merge)]
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => [FIELD.test(name) ? name : 'field', shapeOf(item, name)] as const)
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (typeof value === 'number') return KEPT.has(field) && Number.isInteger(value) && value < 1000 ? value : 0
  return typeof value === 'string' ? textShape(value, field) : value
}

function textShape(text: string, field: string): string {
  if (text === '') return ''
  if (TIME.test(text) && !Number.isNaN(Date.parse(text))) return PLACEHOLDERS.time
  if (/^https?:\/\//.test(text)) return PLACEHOLDERS.url
  if (KEPT.has(field) && (isPlain(text) || (field === 'code' && SHORT_CODE.test(text)))) return text
  return field === 'message' ? text.split(/\s+/).map((word) => (isPlainLanguage(word) ? word : '…')).join(' ').slice(0, 200) : PLACEHOLDERS.text
}

// A word with many digits, or a long one in mixed letters, is somebody's id.
function isPlain(text: string): boolean {
  return WORD.test(text) && !/\d{3}/.test(text)
}

function isPlainLanguage(word: string): boolean {
  return word.length <= 24 && !/[\d@+/'"_]|[a-z][A-Z]/.test(word)
}

/** Two elements of a list as one that has the fields of both. */
function merge(a: unknown, b: unknown): unknown {
  if (a === null) return b
  if (!isRecord(a) || !isRecord(b)) return a
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted()
  return Object.fromEntries(names.map((name) => [name, !(name in a) ? b[name] : name in b ? merge(a[name], b[name]) : a[name]]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Headers that we use, or that say how often we may call. */
const HEADERS = ['content-type', 'retry-after', 'rate-limit-limit', 'rate-limit-remaining', 'rate-limit-reset'] as const

/** Of an answer's headers those that we use: the media type, and for numbers a placeholder. */
export function headerShape(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(HEADERS.flatMap((name) => {
    const value = headers[name]
    if (typeof value !== 'string') return []
    return [[name, name === 'content-type' ? value.split(';')[0]!.trim() : /^[\d.]+$/.test(value) ? '0' : PLACEHOLDERS.text]]
  }))
}
