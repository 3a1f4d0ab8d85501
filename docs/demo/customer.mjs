import { chance, comment, goodbye, opening, pick, story, TOPICS } from './cast.mjs'
import { idempotent } from './life.mjs'

const DONE = new Set(['ended', 'cancelled', 'expired', 'unserved'])
/** Seconds that somebody waits in the queue or for a mitra before they give up. */
const PATIENCE = 240

/** One customer's turn: asks, pays, talks, ends, rates, rests. */
export async function beCustomer(world, person, packages) {
  const { counts, pause } = world
  await pause(2, 25)
  const session = person.openSession ?? await ask(person, packages)
  const now = () => person.sessions.get(session.id) ?? session
  await world.until(person, () => now().state !== 'queued', chance(0.1) ? 10 : PATIENCE)
  if (now().state === 'held') await payOrLeave(world, person, now)
  await world.until(person, () => now().state === 'active' || DONE.has(now().state), PATIENCE)
  if (now().state === 'active' || now().state === 'paused') await talk(world, person, now, packages)
  else if (!DONE.has(now().state)) {
    person.take((await person.api.call('POST', `/sessions/${session.id}/cancel`, {})).session)
    counts.cancelled += 1
  }
  await world.until(person, () => DONE.has(now().state), 20)
  if (now().state === 'ended') await after(world, person, now())
}

async function ask(person, packages) {
  const { session } = await person.api.call('POST', '/sessions', { packageId: pick(packages).id, ...(chance(0.3) ? { topic: pick(TOPICS) } : {}), useWallet: true }, idempotent())
  person.take(session)
  return session
}

// Who leaves without paying too often has to wait for half an hour: few do.
async function payOrLeave(world, person, now) {
  await world.until(person, () => now().payment?.checkoutUrl !== undefined || now().state !== 'held', 60)
  await world.pause(1, 6)
  if (now().state !== 'held') return
  if (chance(0.03)) {
    person.take((await person.api.call('POST', `/sessions/${now().id}/cancel`, {})).session)
    world.counts.cancelled += 1
  } else await pay(world, now().payment)
}

async function pay(world, { checkoutUrl, amountIdr }) {
  const checkout = new URL(checkoutUrl)
  const answer = await fetch(`${checkout.origin}/xendit/invoices/${checkout.pathname.split('/').at(-1)}/pay`, { method: 'POST', signal: AbortSignal.timeout(10_000) })
  if (answer.ok) world.counts.paidIdr += amountIdr
}

async function talk(world, person, now, packages) {
  const { conversationId } = now()
  const say = async (body) => {
    person.type(conversationId)
    await world.pause(1.5, 6)
    person.say(conversationId, body)
    world.counts.messages += 1
  }
  let turns = 4 + Math.floor(Math.random() * 10)
  if (person.conversations.get(conversationId)?.headSeq === 0) await say(opening())
  while (turns-- > 0 && now().state === 'active') {
    const heard = person.conversations.get(conversationId)?.headSeq ?? 0
    await world.until(person, () => (person.conversations.get(conversationId)?.headSeq ?? 0) > heard || now().state !== 'active', 8)
    person.markRead(conversationId)
    if (now().state !== 'active') break
    await say(story())
    if (chance(0.03)) await extend(world, person, now, packages)
  }
  if (now().state === 'paused') await world.until(person, () => now().state !== 'paused', PATIENCE)
  if (now().state !== 'active') return
  await say(goodbye())
  if (chance(0.03)) {
    await person.api.call('POST', '/reports', { sessionId: now().id, reason: 'other', text: 'Kurang nyaman dengan cara bicaranya.' })
    world.counts.reported += 1
  }
  person.take((await person.api.call('POST', `/sessions/${now().id}/end`, {})).session)
}

async function extend(world, person, now, packages) {
  const { session } = await person.api.call('POST', `/sessions/${now().id}/extend`, { packageId: packages[0].id, useWallet: true }, idempotent())
  person.take(session)
  await world.until(person, () => now().extension?.payment?.checkoutUrl !== undefined || now().extension === undefined, 20)
  if (now().extension?.payment?.checkoutUrl !== undefined) await pay(world, now().extension.payment)
}

async function after(world, person, session) {
  world.counts.ended += 1
  await world.pause(1, 5)
  if (chance(0.7)) {
    await person.api.call('POST', `/sessions/${session.id}/rating`, { score: pick([5, 5, 5, 4, 4, 3, 5, 2]), ...(chance(0.4) ? { comment: comment() } : {}) })
    world.counts.rated += 1
  }
  if (!chance(0.2)) return
  const { payment } = await person.api.call('POST', `/sessions/${session.id}/tip`, { amountIdr: pick([10_000, 20_000, 50_000]) }, idempotent())
  if (payment?.checkoutUrl !== undefined) await pay(world, payment)
}

/** Leaves nothing open behind. */
export async function leaveAsCustomer(person) {
  const open = person.openSession
  if (open !== undefined) await person.api.call('POST', `/sessions/${open.id}/${open.state === 'active' || open.state === 'paused' ? 'end' : 'cancel'}`, {}).catch(() => undefined) // its deadlines end it
  await person.signOut()
}
