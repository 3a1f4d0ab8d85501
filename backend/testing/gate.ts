import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A TCP way to one of our own servers that a test can break: what a network does, done on purpose. */
export type Gate = {
  port: number
  /** Carries to this port of 127.0.0.1, again after anything below. */
  open(port?: number): void
  /** Carries nothing from now on and closes nothing: packets are lost. */
  blackhole(): void
  /** Cuts every connection and refuses new ones. */
  cut(): void
}

export async function startGate(t: Test, targetPort = 0): Promise<Gate> {
  const sockets = new Set<Socket>()
  let target = targetPort
  let state: 'open' | 'black' | 'cut' = 'open'
  const server = createServer((near) => {
    if (state === 'cut') {
      near.destroy()
      return
    }
    const far = connect({ port: target, host: '127.0.0.1' })
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('data', (data) => {
        if (state === 'open') to.write(data)
      })
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    destroyAll()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    open(port = target) {
      target = port
      // What was lost stays lost, as in a real blackhole that outlasts its connections.
      if (state === 'black') destroyAll()
      state = 'open'
    },
    blackhole: () => void (state = 'black'),
    cut() {
      state = 'cut'
      destroyAll()
    },
  }
}
