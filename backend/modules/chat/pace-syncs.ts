import { AppError } from '../../platform/errors.ts'
import type { SignedIn } from '../../platform/realtime/connection.ts'
import type { Sync, SyncAsk } from './sync-conversations.ts'

/** Conversations that one socket may have asked about and not been answered yet. */
const WAITING_MAX = 500

/**
 * One `sync` of a socket at a time, in the order asked: what is read for a client that takes nothing stays that of one
 * frame. Throws `too_many_frames` when too much is waiting; what could not be read stops nothing that waits behind it.
 */
export function paceSyncs(sync: Sync): Sync {
  const waiting = new Map<SignedIn, SyncAsk[]>()
  return async (connection, asks) => {
    const queue = waiting.get(connection)
    if (queue !== undefined) {
      if (queue.length + asks.length > WAITING_MAX) throw new AppError('too_many_frames', 'Answers to earlier syncs have not been read.')
      queue.push(...asks)
      return
    }
    const own: SyncAsk[] = [...asks]
    waiting.set(connection, own)
    const failures: unknown[] = []
    while (own.length > 0 && connection.isOpen) await sync(connection, own.splice(0)).catch((error: unknown) => failures.push(error))
    waiting.delete(connection)
    if (failures.length > 0) throw failures[0]
  }
}
