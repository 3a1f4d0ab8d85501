import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Life } from './cluster.ts'

export type ErrorEvent = { release: string; environment: string; tags: Record<string, string>; exception: { values: { type: string; value: string; stacktrace?: { frames: { filename: string }[] } }[] } }
export type ErrorCollector = { dsn: string; events: ErrorEvent[]; bodies: string[]; asked: number; answer: 'ok' | 'fault' | 'hang' }

/** A service of error reports that reads Sentry's envelopes, and can be unwell. */
export async function startErrorCollector(t: Life): Promise<ErrorCollector> {
  const collector: ErrorCollector = { dsn: '', events: [], bodies: [], asked: 0, answer: 'ok' }
  const hanging = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      collector.asked++
      const isEnvelope = request.method === 'POST' && request.url?.startsWith('/api/7/envelope/?') === true && request.url.includes('sentry_key=apublickey')
      const body = Buffer.concat(chunks).toString()
      if (collector.answer === 'hang') hanging.add(response)
      else if (collector.answer === 'fault' || !isEnvelope) response.writeHead(isEnvelope ? 500 : 404).end()
      else {
        collector.bodies.push(body)
        collector.events.push(...readEvents(body))
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const response of hanging) response.destroy()
    server.closeAllConnections()
    server.close()
  })
  collector.dsn = `http://apublickey@127.0.0.1:${(server.address() as AddressInfo).port}/7` // it listens on TCP
  return collector
}

// A line of the envelope, then a line that says what an item is and a line that is it.
function readEvents(body: string): ErrorEvent[] {
  const [, ...lines] = body.split('\n')
  const events: ErrorEvent[] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    if ((JSON.parse(lines[at]!) as { type: string }).type === 'event') events.push(JSON.parse(lines[at + 1]!) as ErrorEvent)
  }
  return events
}
