import type { StartedAfresh } from '../identity/index.ts'
import { holdEarnings } from '../ledger/index.ts'
import { retireMitra } from '../mitras/index.ts'

/** Somebody signs in with the number of a mitra who was away for long: they are no mitra yet, and what was owed waits for staff. */
export const putAway: StartedAfresh = async (tx, { id, kind }) => {
  if (kind !== 'mitra') return
  await holdEarnings(tx, id)
  await retireMitra(tx, id)
}
