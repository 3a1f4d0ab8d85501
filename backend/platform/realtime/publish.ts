/** One JSON object on the socket; `type` first. */
export type Frame = { type: string } & Record<string, unknown>

/** A place in a dense stream (a conversation's `seq`): each socket gets every place once, and a gap can be found. */
export type Position = {
  stream: string
  seq: number
  /** With it a socket has everything up to here: what it lacks before was superseded. Only a healer knows. */
  isWhole?: true
}

export type PublishOptions = {
  /** Droppable events (typing, presence) are skipped for a slow reader; the others make it resync. */
  droppable?: boolean
  /** The connection that caused the event and has had its own answer. */
  exceptConnectionId?: string | undefined
  position?: Position
  /** Names this very change (`session:<id>:<version>`), as its healer does: where it arrived it is not healed. */
  key?: string
}

/**
 * Sends a frame to every open socket of these users, on every replica. Never waits, never throws: Postgres holds
 * what matters and the healer finds what was lost. Call it after the commit (`tx.afterCommit`).
 */
export type Publish = (userIds: readonly string[], frame: Frame, options?: PublishOptions) => void
