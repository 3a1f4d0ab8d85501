import { AsyncLocalStorage } from 'node:async_hooks'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { callbackify } from 'node:util'
import type { AppOptions } from 'firebase-admin/app'
import type { Messaging, SendResponse, TokenMessage } from 'firebase-admin/messaging'
import { EnvError, type Env } from '../../platform/env.ts'
import { withinDeadline } from './deadline.ts'

let apps = 0
/** One message waits so long for FCM; less than the deadline of a call. */
const REQUEST_MS = 8000

type Hear = (message: Pick<TokenMessage, 'token' | 'data'>, answer: SendResponse) => void
/** Who hears the answers of the call that a request belongs to. */
const hearing = new AsyncLocalStorage<Hear>()

/** `sendEach`, which tells of all messages when the last has its answer; `hear` is told of each answer of FCM as it comes, with a copy of the message. */
export async function sendEach(messaging: Messaging, messages: TokenMessage[], hear: Hear): Promise<SendResponse[]> {
  return (await hearing.run(hear, () => messaging.sendEach(messages))).responses
}

/**
 * What makes the client of firebase-admin when it is first needed: the package is large, and many processes never push.
 * Undefined: nothing is configured to push with. Throws `EnvError` for a service account that can't be used.
 * `accessToken` stands for the one that the account would get.
 */
export function fcmClient(env: Env, { accessToken, requestMs = REQUEST_MS }: { accessToken?: string; requestMs?: number } = {}): (() => Promise<Messaging>) | undefined {
  if (env.FCM_SIMULATOR !== undefined) return () => simulatedClient(env.FCM_SIMULATOR!, env.FIREBASE_PROJECT_ID ?? 'simulated', accessToken, requestMs)
  if (env.FIREBASE_SERVICE_ACCOUNT_PATH === undefined) return undefined
  const account = readServiceAccount(env.FIREBASE_SERVICE_ACCOUNT_PATH, env.FIREBASE_PROJECT_ID)
  return async () => {
    const { cert } = await import('firebase-admin/app')
    return open({ projectId: account.project_id, credential: accessToken === undefined ? cert(account as object) : withToken(accessToken) }, requestMs)
  }
}

async function open(options: AppOptions, requestMs: number): Promise<Messaging> {
  const [{ initializeApp }, { getMessaging }] = await Promise.all([import('firebase-admin/app'), import('firebase-admin/messaging')])
  const messaging = getMessaging(initializeApp(options, `push-${(apps += 1)}`))
  tameClients(messaging, requestMs)
  return messaging
}

// Each client repeats a 503 and a cut connection four times, for minutes where Retry-After says so: beyond our deadline,
// our claim on the row and perhaps the life of the push. And each waits 15 s for an answer, and the whole call with it:
// given up earlier, one message that hangs is known by itself, and its neighbours are what FCM said of them. There are no
// settings for either, and none to hear of it before the last has its answer; the tests notice if this stops working.
function tameClients(messaging: Messaging, requestMs: number): void {
  type Client = { retry?: unknown; send?: (request: { timeout?: number }) => Promise<unknown> }
  type Send = (host: string, path: string, request: { message: TokenMessage }, ...rest: unknown[]) => Promise<SendResponse>
  type Handler = Partial<Record<'httpClient' | 'http2Client', Client> & Record<'invokeHttpRequestHandlerForSendResponse' | 'invokeHttp2RequestHandlerForSendResponse', Send>>
  // Its types hide this part; each name may be missing in another version, and `fcm-gateway.test` or `pushes.test` fails then.
  const { messagingRequestHandler: handler = {} } = messaging as unknown as { messagingRequestHandler?: Handler }
  for (const client of [handler.httpClient, handler.http2Client]) {
    if (!client) continue
    client.retry = undefined
    const send = client.send?.bind(client)
    // An answer that is cut off in its middle ends nothing over there, and no time-out of the socket sees it.
    if (send) client.send = (request) => withinDeadline(requestMs, send({ ...request, timeout: requestMs }), 'app/network-timeout')
  }
  for (const name of ['invokeHttpRequestHandlerForSendResponse', 'invokeHttp2RequestHandlerForSendResponse'] as const) {
    const send = handler[name]?.bind(handler)
    if (send) handler[name] = async (host, path, request, ...rest) => {
      const answer = await send(host, path, request, ...rest)
      hearing.getStore()?.(request.message, answer)
      return answer
    }
  }
}

type ServiceAccount = { project_id: string; private_key: string; client_email: string }

// Push with another project's key fails silently for every device: the boot does not.
function readServiceAccount(path: string, projectId: string | undefined): ServiceAccount {
  let account: Partial<ServiceAccount> | undefined
  try {
    account = JSON.parse(readFileSync(path, 'utf8')) as Partial<ServiceAccount>
  } catch {
    throw new EnvError(['FIREBASE_SERVICE_ACCOUNT_PATH: the file can’t be read as JSON'])
  }
  const missing = (['project_id', 'private_key', 'client_email'] as const).filter((field) => typeof account?.[field] !== 'string' || account[field] === '')
  if (missing.length > 0) throw new EnvError([`FIREBASE_SERVICE_ACCOUNT_PATH: the file lacks ${missing.join(', ')}`])
  if (projectId !== undefined && account.project_id !== projectId) {
    throw new EnvError(['FIREBASE_SERVICE_ACCOUNT_PATH: its project_id is not FIREBASE_PROJECT_ID'])
  }
  try {
    createPrivateKey(account.private_key!)
  } catch {
    throw new EnvError(['FIREBASE_SERVICE_ACCOUNT_PATH: its private_key is not a key'])
  }
  return account as ServiceAccount // all three fields were just seen
}

const withToken = (accessToken: string) => ({ getAccessToken: async () => ({ access_token: accessToken, expires_in: 3600 }) })

type Endpoint = { host: string; port: number; ca: string }
/** What the connections to an endpoint share: reading its certificate anew, and shaking hands in full, costs each of them more than a hundred messages. */
type Known = { ca: string; secureContext: SecureContext; session?: Buffer }

/** `FCM_SIMULATOR` is the URL of the simulators. */
async function simulatedClient(url: string, projectId: string, accessToken = 'simulated', requestMs: number): Promise<Messaging> {
  const messaging = await open({
    projectId,
    credential: withToken(accessToken),
    httpAgent: new SimulatorAgent(url),
  }, requestMs)
  // The only transport that uses an agent; it is deprecated, and production never turns it on.
  messaging.enableLegacyHttpTransport()
  return messaging
}

/** Leads every connection to the simulator: firebase-admin knows no other host than Google's. */
class SimulatorAgent extends Agent {
  readonly #url: string
  #asking: Promise<Endpoint> | undefined
  #known: Known | undefined

  constructor(url: string) {
    // Each of them costs this machine twice, and more of them send no faster: the simulator is one process.
    super({ keepAlive: true, maxSockets: 64 })
    this.#url = url
  }

  override createConnection(options: RequestOptions, callback?: Parameters<Agent['createConnection']>[1]) {
    callbackify((asked: RequestOptions) => this.#connect(asked))(options, (error, socket) => callback?.(error, socket))
    return undefined
  }

  // Asked for every connection: simulators that were started again listen elsewhere, with another certificate.
  async #connect(options: RequestOptions): Promise<Duplex> {
    // The connections of one call ask together.
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    const { host, port, ca } = await this.#asking
    if (this.#known?.ca !== ca) this.#known = { ca, secureContext: createSecureContext({ ca }) }
    const known = this.#known
    // The name that is asked for stays Google's, so the certificate is checked as it is in production.
    const socket = connect({ servername: String(options.host), host, port, secureContext: known.secureContext, ...(known.session ? { session: known.session } : {}) })
    return socket.on('session', (session) => (known.session = session))
  }

  async #ask(): Promise<Endpoint> {
    const answer = await fetch(new URL('/fcm', this.#url), { signal: AbortSignal.timeout(5000) })
    return (await answer.json()) as Endpoint // our own simulator's answer
  }
}
