import { answer, chance, profile } from './cast.mjs'

/** Applies, once; staff decide. */
export async function apply(person, approve) {
  const known = await person.api.call('GET', '/mitra/application').catch((error) => (error.status === 404 ? undefined : Promise.reject(error)))
  const { status } = known?.status === undefined || known.status === 'draft' ? await person.api.call('POST', '/mitra/application', profile()) : known
  if (status === 'applied') await approve(person.user.id)
  return status === 'applied' || status === 'approved'
}

/** One look around: is there an offer, has somebody said something, am I still online? */
export async function beMitra(world, person, memory) {
  const { counts, pause } = world
  await pause(0.5, 1.5)
  if (!memory.isOnline || performance.now() - memory.lookedAt > 15_000) {
    const { status } = await person.api.call('PUT', '/mitra/status', { online: true })
    memory.isOnline = status.online
    memory.lookedAt = performance.now()
  }
  for (const offer of person.offers.values()) {
    if (memory.offers.has(offer.id)) continue
    memory.offers.add(offer.id)
    await respond(world, person, offer)
  }
  const session = [...person.sessions.values()].find(({ state, conversationId }) => state === 'active' && conversationId !== undefined)
  if (session === undefined) return
  const conversation = person.conversations.get(session.conversationId)
  const last = conversation?.list.at(-1)
  if (last === undefined || last.senderId === person.user.id || !last.senderId || last.seq === memory.answered.get(session.id)) return
  memory.answered.set(session.id, last.seq)
  person.markRead(session.conversationId)
  person.type(session.conversationId)
  await pause(2, 7)
  if (person.sessions.get(session.id)?.state !== 'active') return
  person.say(session.conversationId, answer())
  counts.messages += 1
}

async function respond(world, person, offer) {
  await world.pause(1, 6)
  // Now and then somebody does not hear it: three times in a row would take them offline.
  if (chance(0.04)) return
  const isDeclined = chance(0.06)
  const { session } = await person.api.call('POST', `/offers/${offer.id}/${isDeclined ? 'decline' : 'accept'}`, {})
  if (isDeclined) world.counts.declined += 1
  else person.take(session)
}

export const newMemory = () => ({ isOnline: false, lookedAt: 0, offers: new Set(), answered: new Map() })

export async function leaveAsMitra(person) {
  for (const session of person.sessions.values()) if (session.state === 'active') await person.api.call('POST', `/sessions/${session.id}/end`, {}).catch(() => undefined) // the customer was quicker
  await person.api.call('PUT', '/mitra/status', { online: false }).catch(() => undefined) // it grows stale by itself
  await person.signOut()
}
