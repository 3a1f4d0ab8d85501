import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const CONNECTIONS = 64
const WARM_UP_MS = 1500
const HEAD_END = Buffer.from('\r\n\r\n')

/** GETs a path as fast as the server answers, on 64 kept connections; answers per second. Throws for any answer but 200. */
export async function getLoad(url: string, path: string, seconds: number, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port, host } = new URL(url)
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  let answers = 0
  let failure: Error | undefined
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', (error) => (failure = error))
    readAnswers(socket, (status) => {
      if (status !== '200') failure = new Error(`answered ${status}`)
      answers++
      socket.write(request)
    })
    socket.write(request)
    return socket
  })
  await pause(WARM_UP_MS)
  answers = 0
  const startedAt = performance.now()
  await pause(seconds * 1000)
  const perSecond = answers / ((performance.now() - startedAt) / 1000)
  for (const socket of sockets) socket.destroy()
  if (failure) throw failure
  return perSecond
}

// The load generator shares the machine with what it measures: it reads no more than it must.
function readAnswers(socket: Socket, answered: (status: string) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const headEnd = rest.indexOf(HEAD_END)
      if (headEnd < 0) return
      const head = rest.toString('latin1', 0, headEnd)
      const end = headEnd + HEAD_END.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (rest.length < end) return
      rest = rest.subarray(end)
      answered(head.slice(9, 12))
    }
  })
}
