import type { Person } from './people.ts'
import type { Act } from './session-table.ts'

/** What people do against one another, and staff for them, as acts of the table of session states. */
export const SAFETY_EVENTS: Record<string, Act> = {
  'customer blocks': ({ customer, mitra }) => block(customer, mitra),
  'customer blocks, named': ({ customer, mitra }) => block(customer, mitra),
  'mitra blocks': ({ customer, mitra }) => block(mitra, customer),
  'mitra blocks, named': ({ customer, mitra }) => block(mitra, customer),
}

async function block(who: Person, whom: Person): Promise<{ status: number }> {
  const { status } = await who.call('POST', `/api/v1/blocks/${whom.id}`)
  return { status: status === 201 ? 200 : status }
}
