import { createHash } from 'node:crypto'

/** What a row's hash covers besides the hash before it: every column, the time to the microsecond. */
export type Chained = {
  seq: number
  id: string
  at: string
  actorKind: string
  actorId: string | null
  act: string
  targetType: string | null
  targetId: string | null
  reason: string | null
  details: unknown
  requestId: string | null
  ip: string | null
}

export const FIRST_HASH: Buffer = Buffer.alloc(32)

/** sha256 over the previous hash and the row as canonical JSON. */
export function chainHash(prevHash: Uint8Array, row: Chained): Buffer {
  const content: Chained = {
    seq: row.seq, id: row.id, at: row.at, actorKind: row.actorKind, actorId: row.actorId, act: row.act, targetType: row.targetType,
    targetId: row.targetId, reason: row.reason, details: row.details, requestId: row.requestId, ip: row.ip,
  }
  return createHash('sha256').update(prevHash).update(canonicalJson(content)).digest()
}

/** JSON with sorted keys: the same text before a value is stored as jsonb and after it was read back. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    members.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
