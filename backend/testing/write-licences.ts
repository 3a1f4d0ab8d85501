// npm run licences: writes docs/licences.md from package-lock.json. Exit code 1 where a licence is none that we take.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeLicences, findUnlicensed } from './licences.ts'
import { projectRoot } from './servers/processes.ts'

writeFileSync(join(projectRoot, 'docs/licences.md'), describeLicences())
const bad = findUnlicensed()
for (const line of bad) console.error(`not on the list: ${line}`)
process.exitCode = bad.length > 0 ? 1 : 0
