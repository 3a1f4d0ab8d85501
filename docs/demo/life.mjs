// How people live here: what both kinds share.
import { Person } from '../playground/client/person.js'
import { between, nameOf, phoneOf } from './cast.mjs'

/** Thrown out of whatever somebody does when the demo ends. */
export class Over extends Error {}

const TURNS = 20
/** Refusals that say: not now. */
const PASSING = new Set(['rate_limited', 'not_ready', 'maintenance', 'otp_resend_too_soon', 'payments_disabled', 'payment_unavailable', 'hold_cooldown'])

/** What the demo knows of itself; `signal` ends it. */
export function createWorld({ publicUrl, speed, signal }) {
  const counts = { messages: 0, ended: 0, paidIdr: 0, rated: 0, cancelled: 0, declined: 0, reported: 0, troubles: 0 }
  const rest = (seconds) => new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Over())
    const end = () => {
      clearTimeout(timer)
      reject(new Over())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, seconds * 1000)
    signal.addEventListener('abort', end, { once: true })
  })
  return {
    publicUrl, counts, signal, rest,
    /** Waits as a person would, faster by the speed. */
    pause: (least, most = least) => rest(between(least, most) / speed),
    /** Waits until something is so, by the person's own events; false when it has not become so in time (seconds of the real clock). */
    async until(person, isSo, seconds) {
      const deadline = performance.now() + seconds * 1000
      while (!isSo()) {
        if (performance.now() > deadline) return false
        await rest(0.1)
      }
      return true
    },
  }
}

/** Signs somebody in and tells who they are; answers undefined when no number would do. */
export async function enter(world, kind, index) {
  const person = new Person({ url: world.publicUrl })
  for (let turn = 0; turn < TURNS; turn++) {
    try {
      await person.signIn(phoneOf(kind, index, turn), kind, '000000')
      await introduce(person, nameOf(kind, index))
      return person
    } catch (error) {
      if (error.code === 'account_suspended' || error.code === 'rate_limited' || error.code === 'otp_resend_too_soon') continue
      if (error.status !== undefined && !PASSING.has(error.code)) throw error
      await world.rest(2)
    }
  }
  return undefined
}

async function introduce({ api }, displayName) {
  await api.call('PATCH', '/me', { displayName, birthDate: '1995-04-21' })
  const { items } = await api.call('GET', '/me/consents')
  for (const { document, version, acceptedAt } of items) if (acceptedAt === undefined) await api.call('POST', '/me/consents', { document, version })
}

/** Goes on whatever happens: a refusal is a part of life, a server that restarts comes back. */
export async function live(world, step) {
  while (!world.signal.aborted) {
    try {
      await step()
    } catch (error) {
      if (error instanceof Over || world.signal.aborted) return
      world.counts.troubles += 1
      await world.rest(PASSING.has(error.code) ? 5 : 1).catch(() => {})
      if (error.isFinal) return
    }
  }
}

export const idempotent = () => ({ 'idempotency-key': crypto.randomUUID() })
