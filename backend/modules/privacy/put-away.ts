import { forgetReach } from '../channels/index.ts'
import type { StartedAfresh } from '../identity/index.ts'
import { holdEarnings } from '../ledger/index.ts'
import { retireMitra } from '../mitras/index.ts'
import { forgetInbox } from '../notifications/index.ts'

/** Somebody signs in with a number that was away for long: no letter goes to the address of before, and its inbox is nobody's. A mitra is none yet, and what was owed waits for staff. */
export const putAway: StartedAfresh = async (tx, { id, kind }) => {
  await forgetReach(tx, id)
  await forgetInbox(tx, id)
  if (kind !== 'mitra') return
  await holdEarnings(tx, id)
  await retireMitra(tx, id)
}
