import type { Fixture } from '../../probe/recorder.ts'
import { PLACEHOLDERS } from '../../probe/shape.ts'

/** What of an answer matters: paths as in `data[].fee.status`. */
export interface Matters {
  /** Fields that our gateways read. */
  reads: readonly string[]
  /** Words that our gateways decide by. */
  same: readonly string[]
}

/**
 * How what a simulator answers differs from what is known of the provider; empty: in nothing that matters. The real
 * answer may have more fields; a field, type or header that only the simulator has is a difference.
 */
export function differences(known: Fixture, simulated: Fixture, { reads, same }: Matters): string[] {
  return [
    ...([known.status].flat().includes(Number(simulated.status)) ? [] : [`status ${String(simulated.status)} instead of ${String(known.status)}`]),
    ...Object.entries(known.headers).flatMap(([name, value]) => (simulated.headers[name] === value ? [] : [`header ${name}: ${simulated.headers[name] ?? 'missing'}`])),
    ...Object.keys(simulated.headers).flatMap((name) => (name in known.headers ? [] : [`header ${name} is invented`])),
    ...invented(known.body, simulated.body, ''),
    ...reads.flatMap((path) => missing(path, known.body, simulated.body)),
    ...same.flatMap((path) => (valueAt(known.body, path) === valueAt(simulated.body, path) ? [] : [`${path} is ${JSON.stringify(valueAt(simulated.body, path))}`])),
  ]
}

function invented(known: unknown, simulated: unknown, path: string): string[] {
  // Of null and of an empty list nobody knows what else could stand there.
  if (known === null || simulated === null) return []
  if (kindOf(known) !== kindOf(simulated) && !(known === '' || simulated === '')) return [`${path || 'the body'} is ${kindOf(simulated)} instead of ${kindOf(known)}`]
  if (Array.isArray(known) && Array.isArray(simulated)) return known.length === 0 || simulated.length === 0 ? [] : invented(known[0], simulated[0], `${path}[]`)
  if (!isRecord(known) || !isRecord(simulated)) return []
  return Object.entries(simulated).flatMap(([name, value]) => {
    const at = path === '' || path.endsWith('.') ? `${path}${name}` : `${path}.${name}`
    return name in known ? invented(known[name], value, at) : [`${at} is invented`]
  })
}

function missing(path: string, known: unknown, simulated: unknown): string[] {
  const [expected, found] = [valueAt(known, path), valueAt(simulated, path)]
  if (expected === undefined || expected === null) return []
  if (found === undefined || found === null) return [`${path} is missing`]
  return kindOf(expected) === kindOf(found) ? [] : [`${path} is ${kindOf(found)} instead of ${kindOf(expected)}`]
}

/** The value at a path; of lists their first element. */
export function valueAt(body: unknown, path: string): unknown {
  let at = body
  for (const step of path.split(/\.|(?=\[\])/)) {
    const name = step.replace(/^\[\]/, '')
    if (step.startsWith('[]')) at = Array.isArray(at) ? at[0] : undefined
    if (name !== '') at = isRecord(at) ? at[name] : undefined
  }
  return at
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'null'
  if (typeof value !== 'string') return typeof value
  return value === PLACEHOLDERS.time ? 'a time' : value === PLACEHOLDERS.url ? 'a URL' : 'text'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields that `read` looks at in `body`. */
export function fieldsReadBy(read: (body: unknown) => unknown, body: unknown): string[] {
  const seen = new Set<string>()
  const watch = (value: unknown, path: string): unknown => (isRecord(value)
    ? new Proxy(value, {
        get(target, name) {
          if (typeof name === 'symbol') return undefined
          const at = path === '' ? name : `${path}.${name}`
          seen.add(at)
          return watch(target[name], at)
        },
      })
    : value)
  read(watch(body, ''))
  return [...seen].toSorted()
}
