import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { projectRoot } from '../servers/processes.ts'
import { findPromtool } from '../servers/promtool-program.ts'
import { MONITORING } from './expressions.ts'
import type { Series } from './scrapes.ts'

export type Verdict = { ok: boolean; output: string }

/** What Prometheus would have seen, and which alerts must fire at its end: these and no others, save those that `may`. */
export type Story = { name: string; series: readonly Series[]; fires: readonly string[]; may?: readonly string[]; minutes: number }

/** Runs promtool with these arguments in the folder of the shipped configuration. */
export function promtool(...args: string[]): Promise<Verdict> {
  const { path, libraryPath } = findPromtool()
  return new Promise((resolve) => {
    execFile(path, args, { cwd: MONITORING, env: { ...process.env, LD_LIBRARY_PATH: libraryPath }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ ok: error === null, output: `${stdout}${stderr}` }))
  })
}

/** Has the shipped rules judge the stories, all by one promtool. */
export async function judgeStories(stories: readonly Story[]): Promise<Verdict> {
  mkdirSync(join(projectRoot, '.data'), { recursive: true })
  const folder = mkdtempSync(join(projectRoot, '.data/monitoring-'))
  try {
    writeFileSync(join(folder, 'stories.yml'), stringify({
      rule_files: ['recording.yml', 'alerts.yml'].map((file) => join(MONITORING, file)),
      evaluation_interval: '3m',
      tests: stories.map(({ name, series, fires, may = [], minutes }) => ({
        name, interval: '1m', input_series: series,
        promql_expr_test: [{
          expr: `group by (alertname) (ALERTS{alertstate="firing", alertname!~"${may.join('|')}"})`, eval_time: `${minutes - 1}m`,
          exp_samples: fires.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
        }],
      })),
    }, { aliasDuplicateObjects: false, lineWidth: 0 }))
    return await promtool('test', 'rules', join(folder, 'stories.yml'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
