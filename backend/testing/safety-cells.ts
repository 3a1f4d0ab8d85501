import type { Person } from './people.ts'
import { payAgain, type Scene } from './stage.ts'
import { staffByRows } from './staff-rows.ts'
import type { Act } from './session-table.ts'

/** What people do against one another, and staff for them, as acts of the table of session states. */
export const SAFETY_EVENTS: Record<string, Act> = {
  'customer blocks': ({ customer, mitra }) => block(customer, mitra),
  'customer blocks, named': ({ customer, mitra }) => block(customer, mitra),
  'mitra blocks': ({ customer, mitra }) => block(mitra, customer),
  'mitra blocks, named': ({ customer, mitra }) => block(mitra, customer),
  'customer suspended': (scene) => sanction(scene, scene.customer),
  'customer banned, staff give back': (scene) => sanction(scene, scene.customer, { kind: 'ban', giveBack: true }),
  'it is paid after a ban': async (scene) => {
    const answer = await sanction(scene, scene.customer, { kind: 'ban' })
    await payAgain(scene)
    return answer
  },
  'mitra suspended': (scene) => sanction(scene, scene.mitra),
  'mitra suspended, named': (scene) => sanction(scene, scene.mitra),
}

async function sanction(scene: Scene, who: Person, wish: object = { kind: 'suspension', until: '2100-01-01T00:00:00Z' }): Promise<{ status: number }> {
  const staff = await staffByRows(scene.app, 'moderator')
  const { status } = await staff.call('POST', '/sanctions', { body: { userId: who.id, reason: 'a test', ...wish } })
  return { status: status === 201 ? 200 : status }
}

async function block(who: Person, whom: Person): Promise<{ status: number }> {
  const { status } = await who.call('POST', `/api/v1/blocks/${whom.id}`)
  return { status: status === 201 ? 200 : status }
}
