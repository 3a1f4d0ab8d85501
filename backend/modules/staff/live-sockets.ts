import type { StaffActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { takeFrame } from '../../platform/realtime/bucket.ts'
import { CLOSE, Connection, type RealtimeSocket } from '../../platform/realtime/connection.ts'
import { createDatabaseClock } from '../../platform/realtime/database-clock.ts'
import { closeInBatches } from '../../platform/realtime/drain.ts'
import { listenForAudit } from '../audit/index.ts'
import { listenForAlerts } from '../safety/index.ts'
import { findSessionStates } from './authenticate.ts'
import { createBoardReader, type WholeBoard } from './find-board.ts'
import { createChangeFinder, type Change } from './find-changes.ts'
import type { LiveFrame } from './live-contract.ts'
import { mayAct } from './roles.ts'
import { showBoard } from './show-board.ts'

const TURN_MS = 1000
/** After so long a silence a page is told that nothing has changed. */
const ALIVE_MS = 10_000
/** Pages read these lists again at most this often, however much comes: what staff did themselves is told at once. */
const CALM_MS = 3000
/** A page has nothing to say: more than this is no page. */
const FRAMES_BURST = 20

/** One open page of a member of staff. */
export type Watcher = { connection: Connection; staff: StaffActor; /** The board it was sent last. */ sent: string | undefined; sentAtMs: number; /** Since when what was sent last is on its way. */ stuckSinceMs: number | undefined }

export type LiveSockets = {
  open(socket: RealtimeSocket, staff: StaffActor): void
  /** Sends everybody away 1012 and lets nobody in any more. */
  drain(withinSeconds: number): Promise<void>
  isDraining(): boolean
  /** How many pages are open here. */
  size(): number
  stop(): Promise<void>
}

/**
 * The open pages of one replica. While there are any, once a second: are their sessions still good, what has changed, how
 * is the board now; one board is made for all of them, and none while nobody watches. Whatever is told by pub/sub (an act
 * of staff, an alert) only wakes it early: with Valkey away it is a second later.
 */
export function createLiveSockets(ctx: Ctx): LiveSockets {
  const watchers = new Set<Watcher>()
  const readBoard = createBoardReader(ctx)
  const changes = createChangeFinder(ctx)
  const clock = createDatabaseClock(ctx)
  const toldAtMs = new Map<Change['what'], number>()
  const waiting = new Set<Change['what']>()
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> | undefined
  let checking: Promise<void> | undefined
  let isAgain = false
  let draining = false
  let board: WholeBoard | undefined
  let isAway = false
  let movement = ''

  const send = (watcher: Watcher, frame: LiveFrame): boolean => {
    const isSent = watcher.connection.send(JSON.stringify(frame))
    if (isSent) watcher.sentAtMs = performance.now()
    return isSent
  }
  const tell = (change: Change) => {
    for (const watcher of watchers) send(watcher, { type: 'changed', ...change })
  }
  const leave = (watcher: Watcher) => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearTimeout(timer)
    // Whoever comes next reads everything when it opens.
    changes.forget()
    board = undefined
    movement = ''
    waiting.clear()
  }
  const slow = (watcher: Watcher) => {
    const { connection } = watcher
    ctx.metrics.slowSockets.inc()
    ctx.metrics.slowSocketBytes.observe(connection.bufferedBytes)
    leave(watcher)
    connection.close(CLOSE.tooSlow, 'the page reads too slowly')
    setTimeout(() => connection.socket.terminate(), ctx.settings.get('closeSeconds') * 1000).unref()
  }
  const sendAway = (watcher: Watcher, code: number, reason: string) => {
    leave(watcher)
    watcher.connection.close(code, reason)
  }

  const checkSessions = async () => {
    const asked = [...watchers]
    const states = await findSessionStates(ctx, [...new Set(asked.map(({ staff }) => staff.sessionId))])
    for (const watcher of asked) {
      const now = states.get(watcher.staff.sessionId)
      if (now === undefined || now.state === 'ended') sendAway(watcher, CLOSE.revoked, 'the session has ended')
      else if (now.state === 'expired') sendAway(watcher, CLOSE.unauthenticated, 'the session has run out')
      else if (now.state === 'required' || !mayAct(now.role, 'board.read')) sendAway(watcher, CLOSE.revoked, 'something must be done first')
      else if (now.role !== watcher.staff.role) {
        watcher.staff = { ...watcher.staff, role: now.role }
        // What the role before saw is replaced, not only added to.
        await show(watcher)
      }
    }
  }
  const tellChanges = async () => {
    for (const change of await changes.find()) {
      if (change.id !== undefined || change.what === 'alerts') tell(change)
      else waiting.add(change.what)
    }
    const now = performance.now()
    for (const what of waiting) {
      if (now - (toldAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < CALM_MS) continue
      waiting.delete(what)
      toldAtMs.set(what, now)
      tell({ what })
    }
  }
  /** One at a time; who wakes it while it runs is looked after once more. */
  const check = (): Promise<void> => {
    if (checking) {
      isAgain = true
      return checking
    }
    checking = (async () => {
      do {
        isAgain = false
        if (watchers.size > 0) await checkSessions()
        if (watchers.size > 0) await tellChanges()
      } while (isAgain && watchers.size > 0)
    })().finally(() => (checking = undefined))
    return checking
  }
  const wake = () => {
    if (watchers.size > 0) check().catch((error: unknown) => ctx.log.debug({ err: error }, 'the live board could not look early'))
  }

  const timeNow = async () => new Date(await clock.estimate()).toISOString()
  const show = async (watcher: Watcher) => {
    if (board === undefined) return
    const text = JSON.stringify(showBoard(watcher.staff.role, board))
    if (text === watcher.sent) return
    const { connection } = watcher
    // Never two boards on their way to one page: the next one says what this one would have.
    if (connection.bufferedBytes > 0) {
      watcher.stuckSinceMs ??= performance.now()
      if (performance.now() - watcher.stuckSinceMs > ctx.settings.get('closeSeconds') * 1000) slow(watcher)
      return
    }
    watcher.stuckSinceMs = undefined
    const serverTime = await timeNow()
    if (!connection.send(`{"type":"board","serverTime":"${serverTime}","board":${text}}`)) return
    watcher.sent = text
    watcher.sentAtMs = performance.now()
  }
  const keepAlive = async (watcher: Watcher) => {
    const now = performance.now()
    const { connection } = watcher
    if (now - Math.max(connection.pingedAtMs, connection.openedAtMs) >= ctx.settings.get('pingSeconds') * 1000) {
      if (connection.isSilent) return connection.socket.terminate()
      connection.ping(now)
    }
    if (now - watcher.sentAtMs >= ALIVE_MS) send(watcher, { type: isAway ? 'away' : 'alive', serverTime: await timeNow() })
  }
  const lookForMovement = (now: WholeBoard) => {
    const after = JSON.stringify([now.sessions.items.map(({ id, state, endsAt }) => [id, state, endsAt]), now.queue.items.map(({ id }) => id), now.offers.items.map(({ id }) => id), now.sessions.active])
    if (movement !== '' && movement !== after) waiting.add('sessions')
    movement = after
  }
  const turn = async () => {
    try {
      await check()
      if (watchers.size === 0) return
      const now = await readBoard()
      ctx.metrics.liveBoards.inc()
      // Kept for nobody it would grow old, and whoever comes next would be shown it and begin no turn.
      if (watchers.size === 0) return
      board = now
      isAway = false
      lookForMovement(now)
      await Promise.all([...watchers].map(show))
    } catch (error) {
      if (!isAway) {
        ctx.log.warn({ err: error }, 'the live board could not be made')
        const serverTime = await timeNow()
        for (const watcher of watchers) {
          send(watcher, { type: 'away', serverTime })
          // Whatever it was shown before, it is told again.
          watcher.sent = undefined
        }
      }
      isAway = true
    }
    await Promise.all([...watchers].map(keepAlive))
  }
  const go = () => {
    if (turning) return
    const startedMs = performance.now()
    turning = turn().catch((error: unknown) => ctx.log.warn({ err: error }, 'a turn of the live board failed')).finally(() => {
      turning = undefined
      if (watchers.size > 0 && !draining) timer = setTimeout(go, Math.max(0, TURN_MS - (performance.now() - startedMs)))
    })
  }

  const stopListening = [listenForAudit(ctx, wake), listenForAlerts(ctx, wake)]
  return {
    open(socket, staff) {
      const burst = FRAMES_BURST
      const connection = new Connection(socket, burst, { slow: () => slow(watcher) })
      const watcher: Watcher = { connection, staff, sent: undefined, sentAtMs: performance.now(), stuckSinceMs: undefined }
      socket.connection = connection
      const heard = () => {
        connection.heardAtMs = performance.now()
        if (!takeFrame(connection.bucket, burst, 1, connection.heardAtMs)) sendAway(watcher, CLOSE.tooManyFrames, 'too many frames')
      }
      socket.on('message', heard)
      socket.on('ping', heard)
      socket.on('pong', () => {
        connection.heardAtMs = performance.now()
      })
      socket.on('close', () => leave(watcher))
      const same = [...watchers].filter((one) => one.staff.id === staff.id)
      if (same.length >= ctx.settings.get('socketsPerUser')) sendAway(same[0]!, CLOSE.replaced, 'a newer page took its place')
      watchers.add(watcher)
      // The turn that runs may have begun before this page was there.
      if (board === undefined) go()
      else void show(watcher)
    },
    async drain(withinSeconds) {
      draining = true
      clearTimeout(timer)
      await closeInBatches([...watchers].map(({ connection }) => connection), withinSeconds * 1000)
    },
    isDraining: () => draining,
    size: () => watchers.size,
    async stop() {
      draining = true
      clearTimeout(timer)
      for (const stop of stopListening) stop()
      for (const { connection } of watchers) connection.socket.terminate()
      watchers.clear()
      await turning
    },
  }
}
