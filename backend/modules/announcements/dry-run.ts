import type { Queryable } from '../../platform/database.ts'
import { countUnreached } from '../channels/index.ts'
import { measureSegment, peopleOf, type Segment } from '../identity/index.ts'
import type { AnnouncementTexts, DryRunView } from './contract.ts'

/** So many are counted one by one; beyond it there are at least so many. */
export const COUNTED_MOST = 100_000

/** How many an announcement would tell now, and how; nobody is told anything. */
export async function dryRun(handle: Queryable, { segment, texts }: { segment: Segment; texts: AnnouncementTexts }): Promise<DryRunView> {
  const [size, unreached] = await Promise.all([measureSegment(handle, segment, COUNTED_MOST), countUnreached(handle, peopleOf(segment, COUNTED_MOST))])
  return { ...size, ...unreached, samples: texts }
}
