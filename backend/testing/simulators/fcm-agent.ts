import { Agent, type RequestOptions } from 'node:https'

/** Where the FCM simulator listens, and the certificate that it shows. */
export interface FcmEndpoint {
  host: string
  port: number
  /** PEM. */
  ca: string
}

/**
 * An `httpAgent` for firebase-admin that leads every connection to the simulator. firebase-admin knows no other
 * host than Google's, and uses an agent only after `enableLegacyHttpTransport()`.
 */
export function createFcmSimulatorAgent(endpoint: FcmEndpoint): Agent {
  return new FcmSimulatorAgent(endpoint)
}

class FcmSimulatorAgent extends Agent {
  readonly #endpoint: FcmEndpoint

  constructor(endpoint: FcmEndpoint) {
    super({ keepAlive: true })
    this.#endpoint = endpoint
  }

  override createConnection(options: RequestOptions, callback?: Parameters<Agent['createConnection']>[1]) {
    const { host, port, ca } = this.#endpoint
    // The name that is asked for stays Google's, so the certificate is checked as it is in production.
    return super.createConnection({ servername: options.host, ...options, host, port, ca } as RequestOptions, callback)
  }
}
