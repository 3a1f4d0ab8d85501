// Checks the books: node backend/ledger-check.ts
// Derives everything again from the ledger's entries, looks for money in the escrow of sessions that are over, and
// verifies the closed days. Needs DATABASE_URL. Prints one line a problem; exit 1 where there is one.
import { readBooks } from './check-books.ts'
import { createLog } from './platform/log.ts'

async function main(): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL must be set')
  const { closingsProblem, driftIdr, entries, accounts, ...found } = await readBooks({ url, log: createLog({ level: 'silent', environment: 'command' }) }, { withClosings: true })
  const problems = [...found.problems, closingsProblem ?? []].flat()
  for (const problem of problems) console.log(problem)
  if (problems.length === 0) console.log(`ledger sound: ${entries} entries, ${accounts} accounts`)
  else console.log(`ledger wrong: ${problems.length} problems, Rp ${driftIdr} of drift`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

try {
  await main()
} catch (error) {
  console.error(`ledger-check: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
