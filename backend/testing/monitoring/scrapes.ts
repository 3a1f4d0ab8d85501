/** What /metrics answered at one moment: series by their name and labels, and the type of each metric. */
export type Scrape = { values: ReadonlyMap<string, number>; types: ReadonlyMap<string, string> }

/** A series as promtool wants it. */
export type Series = { series: string; values: string }

/** Reads Prometheus' text format; every series gets the labels of the target that it came from. */
export function parseScrape(text: string, instance: string): Scrape {
  const [values, types] = [new Map<string, number>(), new Map<string, string>()]
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name !== undefined) types.set(name, type!)
    const [, series, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    if (series !== undefined) values.set(withTarget(series, instance), Number(value))
  }
  return { values, types }
}

/** What several targets told at the same time. */
export function together(scrapes: readonly Scrape[]): Scrape {
  return { values: new Map(scrapes.flatMap(({ values }) => [...values])), types: new Map(scrapes.flatMap(({ types }) => [...types])) }
}

export const nameOf = (series: string): string => series.split('{', 1)[0]!

/** The type of what a series belongs to; the parts of a histogram count. */
export function typeOf({ types }: Scrape, name: string): string | undefined {
  return types.get(name) ?? (/_(bucket|sum|count)$/.test(name) ? types.get(name.replace(/_(bucket|sum|count)$/, '')) : undefined)
}

/** The sum of the series of this name whose labels have all of these. */
export function sumOf({ values }: Scrape, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return [...values].reduce((sum, [series, value]) => (nameOf(series) === name && wanted.every((one) => series.includes(one)) ? sum + value : sum), 0)
}

/**
 * Two scrapes, stretched: what was counted between them is counted again every minute, and what was measured at the
 * second stays (or, where it `grows`, goes on as between the two). Only series of these names.
 */
export function stretch(before: Scrape, after: Scrape, options: { minutes: number; names: ReadonlySet<string>; grows?: boolean }): Series[] {
  return [...after.values].flatMap(([series, value]) => {
    const name = nameOf(series)
    if (!options.names.has(name) || !Number.isFinite(value)) return []
    const isCounted = typeOf(after, name) !== 'gauge'
    const step = isCounted || options.grows === true ? value - (before.values.get(series) ?? 0) : 0
    const start = isCounted ? (before.values.get(series) ?? 0) : value
    return [{ series, values: `${start}${step < 0 ? '-' : '+'}${Math.abs(step)}x${options.minutes}` }]
  })
}

// As Prometheus itself would name where it came from.
function withTarget(series: string, instance: string): string {
  const target = `job="halobestie",instance="${instance}"`
  return series.includes('{') ? series.replace('{', `{${target},`) : `${series}{${target}}`
}

/** What Prometheus itself says of a target. */
export const upSeries = (instance: string, isUp: boolean, minutes: number): Series => ({ series: withTarget('up', instance), values: `${isUp ? 1 : 0}x${minutes}` })
