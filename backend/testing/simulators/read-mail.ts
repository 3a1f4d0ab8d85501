/** A mail as a person's programme shows it, as far as ours go: headers, text and HTML. */
export interface ReadMail {
  headers: Record<string, string>
  subject: string
  messageId: string
  text: string
  html: string
}

/** Reads a mail of ours: multipart/alternative of two texts, or one text alone. */
export function readMail(raw: Buffer): ReadMail {
  const { headers, body } = split(raw.toString('latin1'))
  const texts = partsOf(headers, body)
  return {
    headers, subject: decodeWords(headers['subject'] ?? ''), messageId: headers['message-id'] ?? '',
    text: texts['text/plain'] ?? '', html: texts['text/html'] ?? '',
  }
}

function split(entity: string): { headers: Record<string, string>; body: string } {
  const end = entity.indexOf('\r\n\r\n')
  const lines = (end === -1 ? entity : entity.slice(0, end)).replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  return { headers, body: end === -1 ? '' : entity.slice(end + 4) }
}

function partsOf(headers: Record<string, string>, body: string): Record<string, string> {
  const type = headers['content-type'] ?? 'text/plain'
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1]
  if (boundary === undefined) return { [type.split(';')[0]!.trim().toLowerCase()]: decodeBody(headers['content-transfer-encoding'] ?? '7bit', body) }
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) => split(part.replace(/^\r\n/, '').replace(/\r\n$/, '')))
  return Object.assign({}, ...parts.map((part) => partsOf(part.headers, part.body))) as Record<string, string>
}

function decodeBody(encoding: string, body: string): string {
  if (encoding.toLowerCase() === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding.toLowerCase() === 'quoted-printable') return fromQuoted(body.replaceAll(/=\r\n/g, '')).replaceAll('\r\n', '\n')
  return Buffer.from(body, 'latin1').toString('utf8').replaceAll('\r\n', '\n')
}

function fromQuoted(text: string): string {
  return Buffer.from(text.replaceAll(/=([0-9A-F]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8')
}

/** Words of a header that are not ASCII (RFC 2047). */
function decodeWords(text: string): string {
  return text.replaceAll(/\?=\s+=\?/g, '?==?').replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_whole, kind: string, word: string) =>
    kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString('utf8') : fromQuoted(word.replaceAll('_', ' ')))
}
