import { startTestSimulators } from './index.ts'

/**
 * The simulators as a process of their own: `node backend/testing/simulators/run.ts '<options as JSON>'`.
 * Prints one line of JSON, `{url, fcm}`, when it is ready. Ends on SIGTERM and SIGINT, and with its parent.
 */
try {
  const simulators = await startTestSimulators(JSON.parse(process.argv[2] ?? '{}'))
  const end = () => {
    void simulators.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  process.once('disconnect', end)
  const ready = { url: simulators.url, fcm: simulators.fcm }
  process.send?.(ready)
  console.log(JSON.stringify(ready))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
