import type { Queryable } from '../../platform/database.ts'
import { countUnreached } from '../channels/index.ts'
import { measureSegment, peopleOf, type Segment } from '../identity/index.ts'
import type { AnnouncementTexts, DryRunView } from './contract.ts'

/** How many an announcement would tell now, each counted, and how; nobody is told anything. */
export async function dryRun(handle: Queryable, { segment, texts }: { segment: Segment; texts: AnnouncementTexts }): Promise<DryRunView> {
  const [size, unreached] = await Promise.all([measureSegment(handle, segment), countUnreached(handle, peopleOf(segment))])
  return { ...size, ...unreached, samples: texts }
}
