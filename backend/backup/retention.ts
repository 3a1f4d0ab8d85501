/** `20261121T190000Z`: when it began, in UTC, to the second. */
export type BackupName = string
export type BackupKind = 'dump' | 'base'

const DAY_MS = 86_400_000
/** All of the last days; then the first of each day; then the first of each week. DECISIONS.md says why. */
const ALL_DAYS = 7
const DAILY_DAYS = 30
const WEEKLY_DAYS = 366

/** The name of a backup that begins now. */
export function nameOf(at: Date): BackupName {
  return at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

/** The moment of a name, in milliseconds; NaN for what is no name. */
export function momentOf(name: BackupName): number {
  return Date.parse(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

const dayOf = (moment: number) => Math.floor(moment / DAY_MS)
// Weeks begin on Mondays; the first day of this calendar was a Thursday.
const weekOf = (moment: number) => Math.floor((dayOf(moment) + 3) / 7)

/**
 * Which of the whole backups stay. Dumps: all of 7 days, the first of each day for 30, the first of each week for a
 * year. Base backups: those from which any moment of the last 7 days can be reached: of 7 days, and the newest before.
 * The newest of each kind stays whatever its age.
 */
export function keptOf(kind: BackupKind, names: readonly BackupName[], now: Date): Set<BackupName> {
  const sorted = names.toSorted()
  const kept = new Set(sorted.slice(-1))
  const age = (name: BackupName) => now.getTime() - momentOf(name)
  const firstOf = (unit: (moment: number) => number) => new Set(Map.groupBy(sorted, (name) => unit(momentOf(name))).values().map((group) => group[0]!))
  const [daily, weekly] = [firstOf(dayOf), firstOf(weekOf)]
  for (const name of sorted) {
    const young = age(name) < ALL_DAYS * DAY_MS
    if (kind === 'dump' ? young || (daily.has(name) && age(name) < DAILY_DAYS * DAY_MS) || (weekly.has(name) && age(name) < WEEKLY_DAYS * DAY_MS) : young) kept.add(name)
  }
  const before = kind === 'base' ? sorted.findLast((name) => age(name) >= ALL_DAYS * DAY_MS) : undefined
  if (before !== undefined) kept.add(before)
  return kept
}

/**
 * Which files of the write-ahead log can go: those before the segment with which the oldest base backup that stays
 * begins. Histories of timelines stay, they are small; so does everything where there is no base backup.
 */
export function outdatedWal(files: readonly string[], oldestNeeded: string | undefined): string[] {
  if (oldestNeeded === undefined) return []
  // Without the timeline: a segment's place in the log is the same on each.
  const placeOf = (file: string) => file.slice(8, 24)
  return files.filter((file) => /^[0-9A-F]{24}(\.partial)?$/.test(file) && placeOf(file) < placeOf(oldestNeeded))
}

/** Whether the next backup is due: the last one began before the last time at which one should have. `everyHours` divides a day; days begin at 19:00 UTC, 02:00 in Jakarta. */
export function isDue(last: BackupName | undefined, everyHours: number, now: Date): boolean {
  if (last === undefined) return true
  const [step, start] = [everyHours * 3_600_000, 19 * 3_600_000]
  return momentOf(last) < Math.floor((now.getTime() - start) / step) * step + start
}
