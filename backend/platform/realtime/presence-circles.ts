import type { Circle } from './parts.ts'

/** The circles that somebody here is in, and who is told about whom. */
export type CircleBook = {
  /** Notes a circle as it is now. Where it is new: who is in no other, undefined otherwise. */
  put(circle: Circle, nowMs: number): readonly string[] | undefined
  /** Everybody in any of the circles. */
  people(): readonly string[]
  has(userId: string): boolean
  /** Those who share an open circle with somebody, without them. */
  peersOf(userId: string, nowMs: number): Set<string>
  /** Forgets circles that have ended or whose members have all left. */
  tidy(nowMs: number): void
}

export function createCircleBook(isHere: (userId: string) => boolean): CircleBook {
  const circles = new Map<string, Circle>()
  const ofPerson = new Map<string, Set<string>>()

  const remove = (circle: Circle) => {
    circles.delete(circle.id)
    for (const userId of circle.memberIds) {
      const ids = ofPerson.get(userId)
      if (ids?.delete(circle.id) === true && ids.size === 0) ofPerson.delete(userId)
    }
  }
  return {
    put(circle, nowMs) {
      const known = circles.get(circle.id)
      if (circle.untilMs <= nowMs || !circle.memberIds.some(isHere)) {
        if (known !== undefined) remove(known)
        return undefined
      }
      circles.set(circle.id, circle)
      if (known !== undefined) return undefined
      const fresh = circle.memberIds.filter((userId) => !ofPerson.has(userId))
      for (const userId of circle.memberIds) {
        const ids = ofPerson.get(userId)
        if (ids === undefined) ofPerson.set(userId, new Set([circle.id]))
        else ids.add(circle.id)
      }
      return fresh
    },
    people: () => [...ofPerson.keys()],
    has: (userId) => ofPerson.has(userId),
    peersOf(userId, nowMs) {
      const peers = new Set<string>()
      for (const id of ofPerson.get(userId) ?? []) {
        const { memberIds, untilMs } = circles.get(id)!
        if (untilMs > nowMs) for (const memberId of memberIds) if (memberId !== userId) peers.add(memberId)
      }
      return peers
    },
    tidy(nowMs) {
      for (const circle of circles.values()) if (circle.untilMs <= nowMs || !circle.memberIds.some(isHere)) remove(circle)
    },
  }
}
