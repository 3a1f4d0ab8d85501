import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { EnvError } from './env.ts'

/**
 * What to listen on: a host as it is; for a network (`10.20.0.0/24`) the one address that this machine has in it, since
 * a container learns its address at its start. Throws `EnvError` where there is none, or more than one.
 */
export function ownAddress(host: string, interfaces = networkInterfaces()): string {
  if (!host.includes('/')) return host
  const [address = '', bits] = host.split('/')
  const network = new BlockList()
  network.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  const own = Object.values(interfaces).flatMap((some) => some ?? []).filter((one) => network.check(one.address, one.family === 'IPv4' ? 'ipv4' : 'ipv6'))
  if (own.length !== 1) throw new EnvError([`INTERNAL_HOST: this machine has ${own.length === 0 ? 'no address' : `${own.length} addresses`} in the network ${host}`])
  return own[0]!.address
}
