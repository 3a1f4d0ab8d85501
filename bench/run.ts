// npm run bench -- <name> [--accept] [--seconds=10]: measures beside a raw baseline taken in the same run, on servers of
// its own. --accept appends the figures to bench/results.md.
// npm run bench -- check [<name> …] [--runs=5]: medians of five runs beside what was accepted; names what fell by more
// than a quarter, and fails.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot, ServerUnavailable } from '../backend/testing/servers/processes.ts'
import { benchBeacon } from './beacon.ts'
import { benchAnnounce } from './announce.ts'
import { benchChat } from './chat.ts'
import { benchCrashes } from './crashes.ts'
import { benchDay } from './day.ts'
import { acceptedRatios, aimOf, findFalls, isMet, median, ratioRow, type Bench, type BenchOptions, type Figures, type Ratio } from './figures.ts'
import { benchFaults } from './faults.ts'
import { benchHerd } from './herd.ts'
import { benchKill } from './kill.ts'
import { benchLists } from './lists.ts'
import { benchMigrate } from './migrate.ts'
import { benchMoney, benchOrders } from './money.ts'
import { benchOutbox } from './outbox.ts'
import { benchOverload } from './overload.ts'
import { benchPeople } from './people.ts'
import { benchPush } from './push.ts'
import { benchReseed } from './reseed.ts'
import { benchSearch } from './search.ts'
import { benchSlow } from './slow.ts'
import { benchSoak } from './soak.ts'
import { benchSockets } from './sockets.ts'
import { benchWaiting } from './waiting.ts'
import { benchWebhooks } from './webhooks.ts'

const BENCHES: Record<string, Bench> = { announce: benchAnnounce, chat: benchChat, crashes: benchCrashes, day: benchDay, kill: benchKill, lists: benchLists, migrate: benchMigrate, money: benchMoney, orders: benchOrders, outbox: benchOutbox, overload: benchOverload, people: benchPeople, sockets: benchSockets, beacon: benchBeacon, faults: benchFaults, herd: benchHerd, push: benchPush, reseed: benchReseed, search: benchSearch, slow: benchSlow, soak: benchSoak, waiting: benchWaiting, webhooks: benchWebhooks }
const RESULTS = join(projectRoot, 'bench/results.md')

function accept(name: string, options: BenchOptions, figures: Figures): void {
  if (!existsSync(RESULTS)) writeFileSync(RESULTS, '# Accepted figures\n\nOf one machine at one time: compare ratios, not figures.\n')
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.versions.node}`
  const table = [...(figures.ratios ?? []).map(ratioRow), ...figures.rows.map(([what, figure]) => `| ${what} | ${figure} |`)].join('\n')
  appendFileSync(RESULTS, `\n## ${name}, ${new Date().toISOString().slice(0, 10)}\n\`npm run bench -- ${name} --seconds=${options.seconds}\` on ${machine}: **${figures.summary}**\n\n| | |\n|---|---|\n${table}\n`)
}

function print(name: string, figures: Figures): void {
  const lines = [...(figures.ratios ?? []).map((ratio) => [`${ratio.name} (aim ${aimOf(ratio)})`, `${ratio.value.toFixed(2)}${isMet(ratio) ? '' : '  NOT MET'}`] as const), ...figures.rows]
  const width = Math.max(...lines.map(([what]) => what.length))
  for (const [what, figure] of lines) console.log(`${what.padEnd(width)}  ${figure}`)
  console.log(`\n${name}: ${figures.summary}`)
}

/** Answers how much fell. */
async function check(names: readonly string[], runs: number, options: BenchOptions): Promise<number> {
  const results = readFileSync(RESULTS, 'utf8')
  const falls: string[] = []
  for (const name of names) {
    const accepted = acceptedRatios(results, name)
    if (accepted.size === 0) {
      console.log(`${name}: nothing is accepted yet, so nothing can fall`)
      continue
    }
    const measured: Ratio[][] = []
    for (let run = 0; run < runs; run++) measured.push((await BENCHES[name]!(options)).ratios ?? [])
    const medians = measured[0]!.map((ratio, at) => ({ ...ratio, value: median(measured.map((one) => one[at]!.value)) }))
    for (const ratio of medians) console.log(`${name}: ${ratio.name}  ${ratio.value.toFixed(2)}, accepted ${accepted.get(ratio.name)?.toFixed(2) ?? 'never'}`)
    falls.push(...findFalls(name, medians, accepted))
  }
  for (const fall of falls) console.error(fall)
  return falls.length
}

type ProcessorTimes = { stolen: number; all: number }

/** Of all processors since the machine started; undefined where the system does not tell. */
function processorTimes(): ProcessorTimes | undefined {
  if (!existsSync('/proc/stat')) return undefined
  const times = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number)
  return { stolen: times[7] ?? 0, all: times.reduce((sum, time) => sum + time, 0) }
}

/** A virtual machine's host may give its time to others: figures of such a run say less. */
function stolenRow(before: ProcessorTimes | undefined, after: ProcessorTimes | undefined): Figures['rows'] {
  if (before === undefined || after === undefined || after.all === before.all) return []
  return [['of this machine’s time, taken by its host meanwhile', `${(((after.stolen - before.stolen) / (after.all - before.all)) * 100).toFixed(1)} %`]]
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { accept: { type: 'boolean', default: false }, seconds: { type: 'string', default: '10' }, runs: { type: 'string', default: '5' }, profile: { type: 'string' }, part: { type: 'string' } },
  })
  const [name = '', ...others] = positionals
  const part = values.part === undefined ? undefined : /^(\d+)\/(\d+)$/.exec(values.part)
  const options: BenchOptions = { seconds: Number(values.seconds), profileDir: values.profile, part: part ? { at: Number(part[1]), of: Number(part[2]) } : undefined }
  const known = Object.keys(BENCHES)
  const usage = `usage: npm run bench -- ${known.join('|')} [--accept] [--seconds=10] [--part=1/4] [--profile=<folder>], or check [${known.join('|')} …] [--runs=5]`
  if (part === null || !(options.seconds > 0) || !(Number(values.runs) > 0) || others.some((other) => name !== 'check' || !known.includes(other))) throw new ServerUnavailable(usage)
  if (name === 'check') {
    if ((await check(others.length > 0 ? others : known, Number(values.runs), options)) > 0) process.exitCode = 1
    return
  }
  const bench = BENCHES[name]
  if (!bench) throw new ServerUnavailable(usage)
  const before = processorTimes()
  const figures = await bench(options)
  figures.rows.push(...stolenRow(before, processorTimes()))
  print(name, figures)
  if (values.accept) accept(name, options, figures)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof ServerUnavailable ? error.message : error)
  process.exitCode = 1
}
