import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FcmEndpoint, SimulatorOptions, startTestSimulators } from './index.ts'

type TestOptions = Omit<NonNullable<Parameters<typeof startTestSimulators>[0]>, 'clock'>

/** The simulators in a process of their own, driven over HTTP; they end with this process. */
export async function spawnSimulators(options: TestOptions & Pick<Partial<SimulatorOptions>, 'port'> = {}) {
  const child = fork(fileURLToPath(new URL('run.ts', import.meta.url)), [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const exited = once(child, 'exit')
  const ready = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
  if (!ready) throw new Error(complaint.trim() || 'The simulators ended before they were ready.')
  // The first message of run.ts is always this.
  const { url, fcm } = ready[0] as { url: string; fcm: FcmEndpoint }
  return {
    url,
    fcm,
    pid: child.pid!,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}
