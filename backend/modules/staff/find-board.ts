import type { Ctx } from '../../platform/ctx.ts'
import type { Transaction } from '../../platform/database.ts'
import { findOutboxState } from '../../platform/outbox-state.ts'
import { findQueueDepths } from '../../platform/queue-depths.ts'
import { findReplicas } from '../../platform/replicas.ts'
import { findPeople } from '../identity/index.ts'
import { findLastCheck, sumToday, type Today } from '../ledger/index.ts'
import { findMitraBoard } from '../mitras/index.ts'
import { countInbox } from '../payments/index.ts'
import { countAlerts, findAlerts } from '../safety/index.ts'
import { findSessionBoard, forecastFor } from '../sessions/index.ts'
import type { Board, BoardHealth, Named } from './live-contract.ts'

/** Of each list. */
const LISTED = 200
/** The entries of a whole day are many: they are summed this often. */
const MONEY_MS = 5000

/** The board with everything on it; `show-board.ts` takes away what a role may not see. */
export type WholeBoard = Required<Board>

/** Makes the board anew each time: a dozen bounded queries of one moment. */
export function createBoardReader(ctx: Ctx): () => Promise<WholeBoard> {
  let money: { today: Today; atMs: number } | undefined
  const readMoney = async (tx: Transaction): Promise<Today> => {
    if (money === undefined || performance.now() - money.atMs > MONEY_MS) money = { today: await sumToday(tx), atMs: performance.now() }
    return money.today
  }
  return async () => {
    const [rows, queues] = await Promise.all([
      ctx.sql.transaction(async (tx) => {
        // One connection answers one after the other, however they are asked.
        const mitras = await findMitraBoard(tx, LISTED)
        const sessions = await findSessionBoard(tx, LISTED)
        const alerts = await findAlerts(tx, ctx.settings)
        const alertsTotal = await countAlerts(tx)
        const people = await findPeople(tx, [...new Set(idsIn({ mitras, sessions, alerts }))])
        return { mitras, sessions, alerts, alertsTotal, people, today: await readMoney(tx), health: await readHealth(ctx, tx) }
      }, { isolationLevel: 'repeatable read', accessMode: 'read only' }),
      findQueueDepths(ctx),
    ])
    const forecast = await forecastFor(ctx, rows.sessions.queued.map(({ id }) => id))
    return lay(rows, queues, forecast)
  }
}

type Found = {
  mitras: Awaited<ReturnType<typeof findMitraBoard>>
  sessions: Awaited<ReturnType<typeof findSessionBoard>>
  alerts: Awaited<ReturnType<typeof findAlerts>>
}
type Rows = Found & { alertsTotal: number; people: Awaited<ReturnType<typeof findPeople>>; today: Today; health: Omit<BoardHealth, 'queues'> }

function idsIn({ mitras, sessions, alerts }: Found): string[] {
  return [
    ...mitras.mitras.map(({ mitraId }) => mitraId),
    ...sessions.queued.flatMap(({ customerId, namedMitraId }) => (namedMitraId === null ? [customerId] : [customerId, namedMitraId])),
    ...sessions.running.flatMap(({ customerId, mitraId }) => (mitraId === null ? [customerId] : [customerId, mitraId])),
    ...sessions.ringing.flatMap(({ customerId, offer }) => [customerId, offer.mitraId]),
    ...alerts.map(({ subjectId }) => subjectId),
  ]
}

function lay(rows: Rows, queues: BoardHealth['queues'], forecast: Awaited<ReturnType<typeof forecastFor>>): WholeBoard {
  const { mitras, sessions, people } = rows
  const named = (id: string): Named => ({ id, displayName: people.get(id)?.displayName ?? null })
  const maybe = (id: string | null): Named | null => (id === null ? null : named(id))
  const pausedIds = new Set(sessions.running.flatMap(({ state, mitraId }) => (state === 'paused' && mitraId !== null ? [mitraId] : [])))
  return {
    mitras: {
      online: mitras.online, free: mitras.free, busy: mitras.online - mitras.free, paused: pausedIds.size, unseen: mitras.unseen, onBreak: mitras.onBreak,
      items: mitras.mitras.map(({ mitraId, state, capacity, used, idleSince, breakUntil }) => ({
        ...named(mitraId), state: pausedIds.has(mitraId) ? 'paused' as const : state, capacity, used, idleSince: iso(idleSince), breakUntil: iso(breakUntil),
      })),
    },
    queue: {
      total: sessions.counts.queued, held: sessions.counts.held, waitSeconds: forecast.joining,
      items: sessions.queued.map((row, index) => ({
        id: row.id, position: forecast.places.get(row.id)?.position ?? index + 1, customer: named(row.customerId), namedMitra: maybe(row.namedMitraId),
        topic: row.topic, minutes: row.minutes, queuedAt: row.queuedAt.toISOString(), waitSeconds: forecast.places.get(row.id)?.wait ?? null,
      })),
    },
    offers: {
      total: sessions.offers,
      items: sessions.ringing.map(({ offer, customerId }) => ({
        id: offer.id, sessionId: offer.sessionId, customer: named(customerId), mitra: named(offer.mitraId), createdAt: offer.createdAt.toISOString(), expiresAt: offer.expiresAt.toISOString(),
      })),
    },
    sessions: {
      active: sessions.counts.active, paused: sessions.counts.paused, ringing: sessions.counts.ringing,
      items: sessions.running.map((row) => ({
        id: row.id, state: row.state === 'paused' ? 'paused' as const : 'active' as const, customer: named(row.customerId), mitra: maybe(row.mitraId), topic: row.topic, minutes: row.minutes,
        startedAt: iso(row.startedAt), endsAt: iso(row.endsAt), pausedAt: iso(row.pausedAt), pauseUntil: iso(row.pauseUntil),
      })),
    },
    revenue: rows.today,
    alerts: {
      total: rows.alertsTotal,
      items: rows.alerts.map(({ id, kind, sessionId, subjectId, openedAt, acknowledgeBy, escalations }) => ({ id, kind, sessionId, subject: named(subjectId), openedAt, acknowledgeBy, escalations })),
    },
    health: { ...rows.health, queues },
  }
}

async function readHealth(ctx: Ctx, tx: Transaction): Promise<Omit<BoardHealth, 'queues'>> {
  const replicas = await findReplicas(tx)
  const { waiting, parked, oldestDueAt } = await findOutboxState(tx)
  const inbox = await countInbox(tx)
  const check = await findLastCheck(tx)
  const drift = await ctx.metrics.mirrorDrift.get()
  return {
    replicas: replicas.map(({ seenAt: _ticks, ...replica }) => replica), postgres: 'up', valkey: ctx.valkey.isUp() ? 'up' : 'down',
    outbox: { waiting, parked, oldestDueAt }, inbox, mirrorDrift: drift.values[0]?.value ?? 0,
    ledger: check ? { checkedAt: check.checkedAt.toISOString(), driftIdr: check.driftIdr, problems: check.problems.length } : null,
  }
}

const iso = (time: Date | null): string | null => time?.toISOString() ?? null
