import type { Ctx } from '../ctx.ts'
import { AppError } from '../errors.ts'
import { DEVELOPMENT_FACTOR, networkOf } from '../limits.ts'
import type { Connection } from './connection.ts'

/** What is open from one address: an IPv4 address or an IPv6 /64. There is one as long as anything is. */
export type Address = { readonly network: string; sockets: number; strangers: number }

export type Entrance = {
  /** Throws where one more socket would be too many. Counted by each replica alone. `isKnown`: it brings a token that is good. */
  check(ip: string, isKnown: boolean): void
  enter(connection: Connection, ip: string): void
  /** Its token was verified: no stranger any more. */
  recognise(connection: Connection): void
  leave(connection: Connection): void
  /** Sockets whose token is not verified yet. */
  strangers(): Iterable<Connection>
}

/** Drawn for each: who is refused together does not come back together. */
const retrySeconds = () => 1 + Math.random() * 4

/** How many may come in: from one address, without having said who they are, and while many (`waiting`) have had no `ready` yet. */
export function createEntrance(ctx: Pick<Ctx, 'env' | 'settings' | 'metrics'>, waiting: () => number): Entrance {
  const factor = ctx.env.APP_ENV === 'development' ? DEVELOPMENT_FACTOR : 1
  const addresses = new Map<string, Address>()
  const strangers = new Set<Connection>()

  const refuse = (code: 'rate_limited' | 'not_ready', limit: string, detail: string): never => {
    ctx.metrics.rateLimited.inc({ limit })
    throw new AppError(code, detail, { retryAfterSeconds: retrySeconds() })
  }
  return {
    check(ip, isKnown) {
      // Whoever came in now would only wait: the pool is busy, or Postgres is slow.
      if (waiting() >= ctx.settings.get('readyWaitingMax')) refuse('not_ready', 'readyWaitingMax', 'Many are coming back at once: try again in a moment.')
      // Who is known is no stranger in a moment; anybody else may sit here until the time for a token is over.
      if (!isKnown && strangers.size >= ctx.settings.get('strangersMax')) refuse('not_ready', 'strangersMax', 'Too many sockets have not authenticated: try again in a moment.')
      const address = addresses.get(networkOf(ip))
      if (address === undefined) return
      if (address.sockets >= ctx.settings.get('socketsPerIp') * factor) refuse('rate_limited', 'socketsPerIp', 'Too many sockets are open from this address.')
      if (!isKnown && address.strangers >= ctx.settings.get('strangersPerIp') * factor) refuse('rate_limited', 'strangersPerIp', 'Too many sockets from this address have not authenticated.')
    },
    enter(connection, ip) {
      const network = networkOf(ip)
      const address = addresses.get(network) ?? { network, sockets: 0, strangers: 0 }
      addresses.set(network, address)
      address.sockets++
      address.strangers++
      connection.address = address
      strangers.add(connection)
    },
    recognise(connection) {
      if (strangers.delete(connection)) connection.address!.strangers--
    },
    leave(connection) {
      const { address } = connection
      if (address === undefined) return
      connection.address = undefined
      if (strangers.delete(connection)) address.strangers--
      if (--address.sockets === 0) addresses.delete(address.network)
    },
    strangers: () => strangers,
  }
}
