import { z } from 'zod'
import type { Ctx } from '../ctx.ts'
import type { Connection, SignedIn } from './connection.ts'
import { frameHandler, type FrameHandler } from './frames.ts'
import type { Hub } from './hub.ts'
import type { Circle, Circles } from './parts.ts'
import { createPresenceBoard } from './presence-board.ts'
import { createCircleBook } from './presence-circles.ts'
import { bestOf, PRESENCE_STATES, type Presence as Shown, type PresenceState } from './presence-states.ts'

export type Presence = {
  /** `presence:set`: how this device's person wants to be seen. */
  frame: FrameHandler
  /** A socket that has had its `ready`: it is told how its peers are, and from now on what changes. */
  greet(connection: SignedIn): void
  start(): void
  stop(): Promise<void>
}

/** What changed within this time is one event a person: flapping costs no more. */
const TURN_MS = 250
/** Announcements of circles may be lost: all that are open are read this often. */
const CIRCLES_MS = 15_000
/** From so many newcomers at once on, all open circles are read rather than each one's. */
const MANY = 500

/**
 * How people are, told to those who share an open circle with them. Each replica stands for its own sockets and tells
 * its own sockets; between replicas the states travel by Valkey, which may lose them at any moment. Everything is
 * droppable; nothing here decides anything, and liveness of mitras is another matter.
 */
export function createPresence(ctx: Ctx, hub: Hub, circles: Circles): Presence {
  /** What this replica stands for; who has left stays for the grace. */
  const own = new Map<string, PresenceState>()
  const leaving = new Map<string, number>()
  const board = createPresenceBoard(ctx, hub.replicaId, own)
  const book = createCircleBook((userId) => own.has(userId) || hub.isConnected(userId))
  /** What the sockets here were told last. */
  const told = new Map<string, Shown>()
  /** People of whom no other replica was asked yet: where they are not here, nothing is known of them. */
  const unasked = new Set<string>()
  let moved = new Set<string>()
  let heard = new Set<string>()
  let newcomers: SignedIn[] = []
  /** Whose circles are read: they are greeted then. */
  let welcome: SignedIn[] = []
  let newCircles: { memberIds: readonly string[]; fresh: readonly string[] }[] = []
  let changedIds = new Set<string>()
  let lookedAtMs = 0
  let circlesAtMs = performance.now()
  let reading: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> | undefined

  hub.onMoved((userId) => void moved.add(userId))
  board.onHeard((userIds) => {
    for (const userId of userIds) if (book.has(userId)) heard.add(userId)
  })
  circles.onChanged((id) => {
    if (hub.size() > 0) changedIds.add(id)
  })

  const note = (circle: Circle) => {
    const fresh = book.put(circle, performance.now())
    if (fresh === undefined) return
    for (const userId of fresh) {
      unasked.add(userId)
      heard.add(userId)
      told.delete(userId)
    }
    newCircles.push({ memberIds: circle.memberIds, fresh })
  }

  // How the sockets of those who moved stand now; who has none keeps the last state for the grace.
  const takeStock = (nowMs: number): Map<string, PresenceState | undefined> => {
    const changes = new Map<string, PresenceState | undefined>()
    for (const userId of moved) {
      let state: PresenceState | undefined
      for (const connection of hub.socketsOf(userId)) state = bestOf(state, connection.presence)
      if (state === undefined) {
        if (own.has(userId) && !leaving.has(userId)) leaving.set(userId, nowMs + ctx.settings.get('presenceGraceSeconds') * 1000)
        continue
      }
      leaving.delete(userId)
      if (own.get(userId) === state) continue
      own.set(userId, state)
      changes.set(userId, state)
    }
    moved = new Set()
    for (const [userId, atMs] of leaving) {
      if (atMs > nowMs) break
      leaving.delete(userId)
      own.delete(userId)
      changes.set(userId, undefined)
    }
    return changes
  }

  const shownOf = (userId: string): Shown | undefined => {
    const state = bestOf(own.get(userId), board.elsewhere(userId))
    return state ?? (unasked.has(userId) && !told.has(userId) ? undefined : 'offline')
  }
  const frameOf = (userId: string, shown: Shown) => Buffer.from(`{"type":"presence:${shown}","userId":"${userId}"}`)
  const judge = (userIds: Iterable<string>, nowMs: number) => {
    for (const userId of userIds) {
      if (!book.has(userId)) continue
      const shown = shownOf(userId)
      if (shown === undefined || shown === told.get(userId)) continue
      told.set(userId, shown)
      const bytes = frameOf(userId, shown)
      for (const peerId of book.peersOf(userId, nowMs)) {
        for (const connection of hub.socketsOf(peerId)) if (connection.knowsPeers) connection.send(bytes, true)
      }
    }
  }

  const tellAbout = (connection: Connection, userIds: Iterable<string>) => {
    for (const userId of userIds) {
      const shown = told.get(userId)
      if (shown !== undefined) connection.send(frameOf(userId, shown), true)
    }
  }
  const tellNew = (nowMs: number) => {
    // Of those who were in no circle before, whatever is found out is told to everybody.
    for (const { memberIds, fresh } of newCircles) {
      for (const userId of memberIds) {
        const others = memberIds.filter((memberId) => memberId !== userId && !fresh.includes(memberId))
        for (const connection of hub.socketsOf(userId)) if (connection.knowsPeers) tellAbout(connection, others)
      }
    }
    newCircles = []
    for (const connection of welcome) {
      connection.knowsPeers = true
      tellAbout(connection, book.peersOf(connection.actor.id, nowMs))
    }
    welcome = []
  }

  // Postgres may take its time: nothing waits for it.
  const readCircles = async (nowMs: number) => {
    const [some, ids] = [newcomers, [...changedIds]]
    const isAll = nowMs - circlesAtMs > CIRCLES_MS || some.length > MANY
    newcomers = []
    changedIds = new Set()
    if (isAll) circlesAtMs = nowMs
    try {
      const [changed, open] = await Promise.all([
        ids.length === 0 ? [] : circles.read(ids),
        isAll ? circles.find('all') : some.length === 0 ? [] : circles.find({ userIds: some.map((connection) => connection.actor.id) }),
      ])
      for (const circle of [...open, ...changed]) note(circle)
      welcome.push(...some.filter((connection) => connection.isOpen))
    } catch (error) {
      ctx.log.warn({ err: error }, 'presence: open conversations could not be read')
      newcomers.push(...some.filter((connection) => connection.isOpen))
      for (const id of ids) changedIds.add(id)
    }
    reading = undefined
  }

  const look = async (nowMs: number) => {
    lookedAtMs = nowMs
    book.tidy(nowMs)
    for (const userId of told.keys()) if (!book.has(userId)) told.delete(userId)
    const people = book.people()
    if (!await board.read(people, 'all')) return people.filter((userId) => own.has(userId))
    for (const userId of people) unasked.delete(userId)
    return people
  }
  const askMore = async () => {
    const userIds = [...unasked].filter((userId) => own.get(userId) !== 'online')
    if (userIds.length > 0 && await board.read(userIds, 'more')) for (const userId of userIds) unasked.delete(userId)
  }
  const goOn = async () => {
    const nowMs = performance.now()
    if (newcomers.length > 0 || changedIds.size > 0 || (nowMs - circlesAtMs > CIRCLES_MS && hub.size() > 0)) reading ??= readCircles(nowMs)
    const changes = takeStock(nowMs)
    const isLookDue = nowMs - lookedAtMs >= ctx.settings.get('healMs')
    if (changes.size > 0 || isLookDue) await board.write(changes)
    if (isLookDue) for (const userId of await look(nowMs)) heard.add(userId)
    else if (unasked.size > 0) await askMore()
    const concerned = heard
    heard = new Set()
    judge(changes.keys(), nowMs)
    judge(concerned, nowMs)
    tellNew(nowMs)
  }

  return {
    frame: frameHandler({
      type: 'presence:set', schema: z.strictObject({ type: z.literal('presence:set'), state: z.enum(PRESENCE_STATES) }),
      handle(_ctx, connection, { state }) {
        connection.presence = state
        moved.add(connection.actor.id)
      },
    }),
    greet: (connection) => void newcomers.push(connection),
    start() {
      timer ??= setInterval(() => {
        turn ??= goOn()
          .catch((error: unknown) => ctx.log.warn({ err: error }, 'presence: a turn failed'))
          .finally(() => (turn = undefined))
      }, TURN_MS)
    },
    async stop() {
      clearInterval(timer)
      await Promise.all([turn, reading])
      await board.leave()
    },
  }
}
