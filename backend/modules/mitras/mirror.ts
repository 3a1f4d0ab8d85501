import type { Ctx } from '../../platform/ctx.ts'
import { CHUNK, chunked, heartbeatKey } from './mirror-keys.ts'
import { findMirrorRows, type MirrorRow } from './mirror-rows.ts'
import { writeMirrorRows } from './mirror-write.ts'

/** What this replica knows of the mirror in Valkey. */
type MirrorState = {
  /** False from a doubt (a failed write, a wipe, a new connection) until the next rebuild: reads then go to Postgres. */
  isTrusted: boolean
  /** Grows with every doubt: a rebuild that began before one proves nothing. */
  doubts: number
  pending: Set<string>
  refreshing: Promise<void> | undefined
}

// By pool, because a test runs two replicas in one process.
const states = new WeakMap<object, MirrorState>()

export function mirrorState(ctx: Ctx): MirrorState {
  let state = states.get(ctx.pool)
  if (!state) {
    state = { isTrusted: false, doubts: 0, pending: new Set(), refreshing: undefined }
    states.set(ctx.pool, state)
  }
  return state
}

/** From now on this replica reads Postgres, and rebuilds the mirror as soon as it can. */
export function doubtMirror(ctx: Ctx): void {
  const state = mirrorState(ctx)
  state.isTrusted = false
  state.doubts += 1
}

/**
 * Brings the mirror up to date for these mitras, from rows. Call it after the commit. Coalesced, never waits, never
 * throws; what fails makes the mirror doubtful, which a rebuild settles.
 */
export function mirrorChanged(ctx: Ctx, mitraIds: readonly string[]): void {
  if (mitraIds.length === 0) return
  const state = mirrorState(ctx)
  if (!ctx.valkey.isUp()) return doubtMirror(ctx)
  for (const mitraId of mitraIds) state.pending.add(mitraId)
  state.refreshing ??= refresh(ctx, state).finally(() => {
    state.refreshing = undefined
  })
}

/** Resolves when everything that `mirrorChanged` was told here so far is written, or given up. */
export async function mirrorSettled(ctx: Ctx): Promise<void> {
  await mirrorState(ctx).refreshing
}

async function refresh(ctx: Ctx, state: MirrorState): Promise<void> {
  while (state.pending.size > 0) {
    const ids = [...state.pending].slice(0, CHUNK)
    for (const id of ids) state.pending.delete(id)
    try {
      await refreshRows(ctx, ids)
    } catch (error) {
      ctx.log.warn({ err: error }, 'the mirror could not be brought up to date')
      doubtMirror(ctx)
    }
  }
}

// Read, write, read again: two replicas may write the same mitra in the wrong order. Whoever writes last reads after
// that, and sees whatever was committed before; so the last word is always right.
async function refreshRows(ctx: Ctx, mitraIds: readonly string[]): Promise<void> {
  let rows = await findMirrorRows(ctx.sql, mitraIds)
  while (rows.length > 0) {
    const written = rows
    if ((await ctx.valkey.attempt((client) => writeMirrorRows(client, written))) !== true) return doubtMirror(ctx)
    const before = new Map(written.map((row) => [row.mitraId, row]))
    rows = (await findMirrorRows(ctx.sql, [...before.keys()])).filter((row) => !isSame(row, before.get(row.mitraId)))
  }
}

function isSame(row: MirrorRow, before: MirrorRow | undefined): boolean {
  return row.isOnline === before?.isOnline && row.isDeactivated === before.isDeactivated && row.used === before.used
}

/** Notes when these mitras were last seen, where the mirror has them; nothing is decided by it, so a loss is none. */
export function mirrorHeartbeats(ctx: Ctx, seen: readonly { mitraId: string; at: Date }[]): void {
  void ctx.valkey.attempt(async (client) => {
    for (const some of chunked(seen)) {
      const pipeline = client.pipeline()
      for (const { mitraId, at } of some) pipeline.set(heartbeatKey(mitraId), at.toISOString(), 'XX')
      await pipeline.exec()
    }
  })
}
