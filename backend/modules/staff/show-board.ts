import type { StaffRole } from '../../platform/access.ts'
import { maskName } from '../identity/index.ts'
import type { WholeBoard } from './find-board.ts'
import type { Board, Named } from './live-contract.ts'
import { mayAct, seesMasked } from './roles.ts'

/** What this role sees of the board: names masked for who sees them so, money and alerts only for who may. */
export function showBoard(role: StaffRole, { revenue, alerts, ...board }: WholeBoard): Board {
  const shown: Board = {
    ...board,
    ...(mayAct(role, 'ledger.read') ? { revenue } : {}),
    ...(mayAct(role, 'safety.act') ? { alerts } : {}),
  }
  return seesMasked(role) ? maskBoard(shown) : shown
}

function maskBoard(board: Board): Board {
  return {
    ...board,
    mitras: { ...board.mitras, items: board.mitras.items.map(masked) },
    queue: { ...board.queue, items: board.queue.items.map((one) => ({ ...one, customer: masked(one.customer), namedMitra: one.namedMitra && masked(one.namedMitra) })) },
    offers: { ...board.offers, items: board.offers.items.map((one) => ({ ...one, customer: masked(one.customer), mitra: masked(one.mitra) })) },
    sessions: { ...board.sessions, items: board.sessions.items.map((one) => ({ ...one, customer: masked(one.customer), mitra: one.mitra && masked(one.mitra) })) },
    ...(board.alerts ? { alerts: { ...board.alerts, items: board.alerts.items.map((one) => ({ ...one, subject: masked(one.subject) })) } } : {}),
  }
}

function masked<T extends Named>(one: T): T {
  return { ...one, displayName: one.displayName === null ? null : maskName(one.displayName) }
}
