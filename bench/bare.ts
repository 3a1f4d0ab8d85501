import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { projectRoot } from '../backend/testing/servers/processes.ts'

export type BareProcess = { url: string; pid: number; stop(): Promise<void> }

/** Starts one of the bare servers that the product is measured beside; they print their port. */
export async function startBare(file: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<BareProcess> {
  const child = spawn(process.execPath, [join(projectRoot, 'bench', file), ...args], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data') as [Buffer]
  return {
    url: `http://127.0.0.1:${port.toString().trim()}`, pid: child.pid!,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}
