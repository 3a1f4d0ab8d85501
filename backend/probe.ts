// Probes a provider with test keys: node backend/probe.ts xendit|fazpass|fcm|mail|sms
// Makes the calls that our gateways make and stores the shape of each answer as a fixture that the simulators are held
// against. Refuses live keys; prints and stores nothing that is secret. DEPLOY.md tells what it needs.
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { runProbe } from './probe/run.ts'

async function askCode(): Promise<string> {
  process.stderr.write('the code that arrived (empty: none): ')
  const lines = createInterface({ input: process.stdin })
  const { promise, resolve } = Promise.withResolvers<string>()
  lines.once('line', resolve)
  lines.once('close', () => resolve(''))
  const line = await promise
  lines.close()
  return line.trim()
}

const code = await runProbe({
  args: process.argv.slice(2), variables: process.env, folder: join(import.meta.dirname, 'testing/simulators/fixtures'), say: (line) => console.log(line), askCode,
})
// A call that was given up on may still hold a connection.
process.exit(code)
