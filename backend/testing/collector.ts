import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Life } from './cluster.ts'

export type Mood = 'ok' | 'fault' | 'hang'

/** An outside service that takes what is posted to it, and can be unwell: answers its port. What it does not know is a 404. */
export async function startCollector(t: Life, service: { knows(request: IncomingMessage): boolean; hears?(body: string, request: IncomingMessage): void; mood(): Mood; takes(body: string): string }): Promise<number> {
  const hanging = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method !== 'POST' || !service.knows(request)) {
        response.writeHead(404).end()
        return
      }
      const body = Buffer.concat(chunks).toString()
      service.hears?.(body, request)
      const mood = service.mood()
      if (mood === 'hang') hanging.add(response)
      else if (mood === 'fault') response.writeHead(500).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end(service.takes(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const response of hanging) response.destroy()
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port // it listens on TCP
}
