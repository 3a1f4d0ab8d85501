/** Who is told that somebody is free. Pure: no I/O, no clock. */

/** A request that waits, in the order of asking; `mitraId` is null where anybody will do. */
export type Asked = { id: string; customerId: string; mitraId: string | null }
export type Free = { mitraId: string; free: number }

/**
 * Which requests are answered now. A named mitra who is free is told to everybody who waits for them. "Any" is told in the
 * order of asking to as many as there are slots left: free ones, less those that somebody was told of a moment ago (`told`)
 * and has not taken yet. Whoever may not meet any mitra that is left stays, and does not keep others from it.
 */
export function chooseAnswered(
  asked: readonly Asked[], state: { free: readonly Free[]; told: readonly Pick<Asked, 'mitraId'>[]; isAnyOpen: boolean }, mayMeet: (customerId: string, mitraId: string) => boolean,
): Asked[] {
  const slots = new Map(state.free.map(({ mitraId, free }) => [mitraId, free]))
  const take = (mitraId: string) => void slots.set(mitraId, Math.max(0, (slots.get(mitraId) ?? 0) - 1))
  const named = asked.filter((one) => one.mitraId !== null && (slots.get(one.mitraId) ?? 0) > 0 && mayMeet(one.customerId, one.mitraId))
  for (const { mitraId } of [...state.told, ...named]) if (mitraId !== null && slots.has(mitraId)) take(mitraId)
  if (!state.isAnyOpen) return named
  let left = [...slots.values()].reduce((sum, free) => sum + free, 0) - state.told.filter((one) => one.mitraId === null).length
  const any: Asked[] = []
  for (const one of asked) {
    if (left <= 0) break
    if (one.mitraId !== null) continue
    const found = [...slots].find(([mitraId, free]) => free > 0 && mayMeet(one.customerId, mitraId))
    if (!found) continue
    take(found[0])
    left -= 1
    any.push(one)
  }
  return [...named, ...any]
}
