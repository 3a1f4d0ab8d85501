// npm run bench -- <name> [--accept] [--seconds=10]: measures beside a raw baseline taken in the same run, on servers of
// its own. --accept appends the figures to bench/results.md.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot, ServerUnavailable } from '../backend/testing/servers/processes.ts'
import { benchChat } from './chat.ts'

/** What a bench measured: the line for people and the figures beside it. */
export type Figures = { summary: string; rows: [what: string, figure: string][] }
export type BenchOptions = { seconds: number; profileDir?: string | undefined }

const BENCHES: Record<string, (options: BenchOptions) => Promise<Figures>> = { chat: benchChat }

function accept(name: string, figures: Figures): void {
  const file = join(projectRoot, 'bench/results.md')
  if (!existsSync(file)) writeFileSync(file, '# Accepted figures\n\nOf one machine at one time: compare ratios, not figures.\n')
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.versions.node}`
  const table = figures.rows.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')
  appendFileSync(file, `\n## ${name}, ${new Date().toISOString().slice(0, 10)}\n\`npm run bench -- ${name}\` on ${machine}: **${figures.summary}**\n\n| | |\n|---|---|\n${table}\n`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { accept: { type: 'boolean', default: false }, seconds: { type: 'string', default: '10' }, profile: { type: 'string' } },
  })
  const [name = ''] = positionals
  const bench = BENCHES[name]
  if (!bench) throw new ServerUnavailable(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--accept] [--seconds=10] [--profile=<folder>]`)
  const figures = await bench({ seconds: Number(values.seconds), profileDir: values.profile })
  const width = Math.max(...figures.rows.map(([what]) => what.length))
  for (const [what, figure] of figures.rows) console.log(`${what.padEnd(width)}  ${figure}`)
  console.log(`\n${name}: ${figures.summary}`)
  if (values.accept) accept(name, figures)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof ServerUnavailable ? error.message : error)
  process.exitCode = 1
}
