import type { Life } from './cluster.ts'
import { startCollector, type Mood } from './collector.ts'

export type ErrorEvent = { release: string; environment: string; tags: Record<string, string>; exception: { values: { type: string; value: string; stacktrace?: { frames: { filename: string }[] } }[] } }
export type ErrorCollector = { dsn: string; events: ErrorEvent[]; bodies: string[]; asked: number; answer: Mood }

/** A service of error reports that reads Sentry's envelopes, and can be unwell. */
export async function startErrorCollector(t: Life): Promise<ErrorCollector> {
  const collector: ErrorCollector = { dsn: '', events: [], bodies: [], asked: 0, answer: 'ok' }
  const port = await startCollector(t, {
    knows: ({ url = '' }) => url.startsWith('/api/7/envelope/?') && url.includes('sentry_key=apublickey'),
    hears: () => collector.asked++,
    mood: () => collector.answer,
    takes(body) {
      collector.bodies.push(body)
      collector.events.push(...readEvents(body))
      return '{}'
    },
  })
  collector.dsn = `http://apublickey@127.0.0.1:${port}/7`
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
