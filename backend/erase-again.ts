// After a backup was restored: node backend/erase-again.ts < ids
// Asks anew for the erasures of these persons, one id a line; the service finishes them. Needs DATABASE_URL.
import { text } from 'node:stream/consumers'
import { eraseAgain } from './modules/privacy/index.ts'
import { createSql } from './platform/database.ts'
import { createLog } from './platform/log.ts'
import { createPool } from './platform/pool.ts'

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function main(): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL must be set')
  const ids = (await text(process.stdin)).split(/\s+/).filter((id) => id !== '')
  const wrong = ids.find((id) => !ID.test(id))
  if (wrong !== undefined) throw new Error(`this is no id: ${wrong}`)
  const pool = createPool({ url, max: 1, applicationName: 'halobestie-erase-again', log: createLog({ level: 'silent', environment: 'command' }) })
  try {
    console.log(`asked for ${await eraseAgain(createSql(pool), ids)} of ${ids.length}`)
  } finally {
    await pool.end()
  }
}

try {
  await main()
} catch (error) {
  console.error(`erase-again: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
