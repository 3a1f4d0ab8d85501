import type { Erasure } from './tables.ts'

export function erasureView({ userId, state, askedAt, erasedAt }: Erasure) {
  return { userId, state, askedAt: askedAt.toISOString(), erasedAt: erasedAt?.toISOString() ?? null }
}
