import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '../platform/gateways.ts'
import { headerShape, shapeOf } from './shape.ts'

/** One answer as it came; `text` is undefined where it broke off. */
export type Exchange = { status: number; headers: Record<string, unknown>; text: string | undefined }

/** What is stored of one call, and what the simulators are held against. */
export type Fixture = {
  source: 'documentation' | 'facts.md' | 'recorded'
  /** When it was recorded. */
  at?: string
  /** Where it stands, of what was not recorded. */
  reference?: string
  call: string
  /** Several: not told which of them. */
  status: number | number[]
  headers: Record<string, string>
  body: unknown
}

/** The provider can't be probed any further; nothing of this answer is stored. */
export class ProbeStopped extends Error {
  override readonly name = 'ProbeStopped'
}

export type Recorder = ReturnType<typeof createRecorder>

/**
 * Makes calls and stores what came back under `<folder>/<provider>/<call>.json`. Answers that say nothing about a call
 * (429, 5xx, no JSON, none at all) end the probe: `ProbeStopped`. No value in `secrets` is ever written.
 */
export function createRecorder(options: { provider: string; folder: string; secrets: readonly string[]; now: Date; say: (line: string) => void }) {
  const { provider, folder, secrets, now, say } = options
  const counts = { recorded: 0, refused: 0, unreadable: 0 }

  function store(name: string, call: string, exchange: Exchange, isMeant: boolean, failure: unknown): void {
    const { status } = exchange
    const body = readJson(name, exchange)
    if (status === 429 || status >= 500) throw new ProbeStopped(`${name}: the provider answers ${status}`)
    if ((status === 401 || status === 403) && !isMeant) {
      if (counts.recorded === 0) throw new ProbeStopped(`${name}: the provider does not accept the key (${status})`)
      counts.refused++
      say(`${name}: the key may not do this (${status}), not recorded`)
      return
    }
    record(name, call, exchange, status < 300 && failure !== undefined, body)
  }

  function record(name: string, call: string, exchange: Exchange, isUnreadable = false, body = readJson(name, exchange)): void {
    const { status } = exchange
    write(name, { source: 'recorded', at: now.toISOString(), call, status, headers: headerShape(exchange.headers), body: shapeOf(body) })
    counts.recorded++
    if (isUnreadable) counts.unreadable++
    say(`${name}: ${status}${isUnreadable ? ', and our gateway can’t read it' : ''}`)
  }

  function write(name: string, fixture: Fixture): void {
    const text = `${JSON.stringify(fixture, undefined, 2)}\n`
    if (secrets.some((secret) => secret.length >= 4 && text.includes(secret))) throw new ProbeStopped(`${name}: something secret is left in what would be stored`)
    const path = join(folder, provider, `${name}.json`)
    if (isSame(path, fixture)) return
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  return {
    counts,
    say,
    store,
    /** Stores an answer whatever its code is: a mail server's codes are not those of HTTP. */
    record,
    /**
     * Makes one call of a gateway over `fetch`; the first answer that comes is the call's own. Answers what the gateway
     * made of it, undefined where it was refused. `isMeant`: to be refused for its key is what is asked for.
     */
    call: async <T>(name: string, call: string, act: () => Promise<T>, { isMeant = false } = {}): Promise<T | undefined> => {
      const heard = listenToFetch()
      let value: T | undefined
      let failure: unknown
      try {
        value = await act()
      } catch (error) {
        failure = error
      } finally {
        heard.stop()
      }
      const exchange = await heard.first()
      if (exchange === undefined) throw new ProbeStopped(`${name}: ${failure instanceof GatewayError ? failure.message : 'no answer'}`)
      store(name, call, exchange, isMeant, failure)
      return value
    },
  }
}

function readJson(name: string, { status, text }: Exchange): unknown {
  if (text === undefined) throw new ProbeStopped(`${name}: the answer broke off`)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new ProbeStopped(`${name}: the provider answers ${status} with something that is not JSON`)
  }
}

/** The same answer again is no change: a second run leaves the files of the first. */
function isSame(path: string, fixture: Fixture): boolean {
  try {
    const before = JSON.parse(readFileSync(path, 'utf8')) as Fixture
    return before.source === 'recorded' && JSON.stringify({ ...before, at: '' }) === JSON.stringify({ ...fixture, at: '' })
  } catch {
    return false
  }
}

/** Our gateways call the process' own `fetch`: for the time of a call its answers are heard. */
function listenToFetch() {
  const real = globalThis.fetch
  const answers: Promise<Exchange>[] = []
  globalThis.fetch = async (...args: Parameters<typeof fetch>) => {
    const response = await real(...args)
    const copy = response.clone()
    answers.push(copy.text().then((text) => text, () => undefined).then((text) => ({ status: response.status, headers: Object.fromEntries(response.headers), text })))
    return response
  }
  return {
    first: async () => answers[0],
    stop: () => void (globalThis.fetch = real),
  }
}
