/** What is held: `atLeast`/`atMost` is the aim of the issue, shown beside the figure; the check compares with what was accepted. */
export type Ratio = { name: string; value: number } & ({ atLeast: number } | { atMost: number })

/** What a bench measured: the line for people, the ratios to a baseline of the same run (a drill has none), and the figures behind them. */
export type Figures = { summary: string; ratios?: Ratio[]; rows: [what: string, figure: string][] }

/** `part`: this one of so many, where a bench can be run in parts. */
export type BenchOptions = { seconds: number; profileDir?: string | undefined; part?: { at: number; of: number } | undefined }
export type Bench = (options: BenchOptions) => Promise<Figures>

/** Every so manieth of what a bench goes through: the parts together are all of it. */
export function partOf<T>(all: readonly T[], { part }: BenchOptions): T[] {
  return part === undefined ? [...all] : all.filter((_, index) => index % part.of === part.at - 1)
}

/** A fall (or, where less is better, a rise) beyond this is named. */
const TOLERANCE = 0.25

export const isHigherBetter = (ratio: Ratio): boolean => 'atLeast' in ratio
export const isMet = (ratio: Ratio): boolean => ('atLeast' in ratio ? ratio.value >= ratio.atLeast : ratio.value <= ratio.atMost)
export const aimOf = (ratio: Ratio): string => ('atLeast' in ratio ? `≥ ${ratio.atLeast}` : `≤ ${ratio.atMost}`)

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How a ratio stands in `bench/results.md`. */
export const ratioRow = (ratio: Ratio): string => `| ratio: ${ratio.name} (aim ${aimOf(ratio)}) | ${ratio.value.toFixed(2)} |`

/** The ratios accepted last for a bench, by name, as they stand in `bench/results.md`. */
export function acceptedRatios(results: string, bench: string): Map<string, number> {
  const section = results.split(/^## /m).findLast((text) => text.startsWith(`${bench},`)) ?? ''
  return new Map([...section.matchAll(/^\| ratio: (.+) \(aim [^)]*\) \| ([\d.]+) \|$/gm)].map(([, name, value]) => [name!, Number(value)]))
}

/** What fell by more than a quarter against what was accepted, a line each. */
export function findFalls(bench: string, measured: readonly Ratio[], accepted: ReadonlyMap<string, number>): string[] {
  return measured.flatMap((ratio) => {
    const before = accepted.get(ratio.name)
    if (before === undefined) return []
    const share = isHigherBetter(ratio) ? ratio.value / before : before / ratio.value
    return share < 1 - TOLERANCE ? [`${bench}: ${ratio.name} was ${before.toFixed(2)}, is ${ratio.value.toFixed(2)} (${Math.round((1 - share) * 100)} % worse)`] : []
  })
}
