// Where the sums of days are doubted: node backend/rebuild-reports.ts
// Forgets them; the service adds up from nothing within some minutes, and its reports are right meanwhile. Needs DATABASE_URL.
import { ROLLUPS } from './modules/staff/index.ts'
import { createSql } from './platform/database.ts'
import { createLog } from './platform/log.ts'
import { createPool } from './platform/pool.ts'
import { forgetSums } from './platform/rollups.ts'

async function main(): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL must be set')
  const pool = createPool({ url, max: 1, applicationName: 'halobestie-rebuild-reports', log: createLog({ level: 'silent', environment: 'command' }) })
  try {
    for (const rollup of ROLLUPS) await forgetSums(createSql(pool), rollup)
    console.log(`${ROLLUPS.length} sums are made anew`)
  } finally {
    await pool.end()
  }
}

try {
  await main()
} catch (error) {
  console.error(`rebuild-reports: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
