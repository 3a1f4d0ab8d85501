import type { UserActor } from '../access.ts'
import type { Tx } from '../ctx.ts'
import type { FrameHandler } from './frames.ts'
import type { Healer } from './healer.ts'

/** A read-only transaction with one snapshot: whatever is read in it belongs together. */
export type Snapshot = Omit<Tx, 'afterCommit'>

/** What the modules add to the socket; put together by name in `public-app.ts`. */
export type RealtimeParts = {
  frames: readonly FrameHandler[]
  /** The fields of `ready` for each of these people, by user id, and where their dense streams stand in that snapshot. */
  ready(snapshot: Snapshot, actors: readonly UserActor[]): Promise<Map<string, ReadyPart>>
  /** The fields of `heartbeat` for each of these people, by user id. */
  heartbeat(snapshot: Snapshot, actors: readonly UserActor[]): Promise<Map<string, Record<string, unknown>>>
  healers: readonly Healer[]
  circles: Circles
  /** A sign of life: every frame of a signed-in socket. Costs next to nothing. */
  seen(actor: UserActor): void
  verifier: {
    verify(token: string): Promise<{ actor: UserActor; expiresAt: Date }>
    isRevoked(signInId: string): boolean
    onRevoked(callback: (signInId: string) => void): void
  }
}

/** People who are told each other's presence: the members of an open conversation. */
export type Circle = { id: string; memberIds: readonly string[]; /** Process clock, ms (`performance.now()`). */ untilMs: number }

export type Circles = {
  /** Those that are open, of these people, or all. */
  find(whose: { userIds: readonly string[] } | 'all'): Promise<Circle[]>
  /** These, open or not. */
  read(ids: readonly string[]): Promise<Circle[]>
  /** Calls back with the id of one that begins, ends or moves its end, on whatever replica. What is lost is found by `find`. */
  onChanged(listener: (id: string) => void): void
}

export type ReadyPart = { fields: Record<string, unknown>; streams: readonly { stream: string; seq: number }[] }
