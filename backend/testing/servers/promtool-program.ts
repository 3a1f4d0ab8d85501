import { fetchedBefore, fetchProgram, onPath, works, type Program } from './distribution.ts'
import { ServerUnavailable } from './processes.ts'

/**
 * Finds Prometheus' own tool: fetched before, else fetched now from the distribution (some 20 MB, once a checkout), so
 * that every machine judges by the same one; where that can't be, the one on PATH. Throws ServerUnavailable.
 */
export function findPromtool(): Program {
  const before = fetchedBefore('prometheus')
  if (before && works(before)) return before
  try {
    return fetchProgram('prometheus', 'no promtool is here', [{ packages: ['prometheus'], program: 'usr/bin/promtool', alone: true }])
  } catch (error) {
    const path = onPath(['promtool'])
    if (path && error instanceof ServerUnavailable) return { path, libraryPath: '' }
    throw error
  }
}
