import type { NetworkInterfaceInfo } from 'node:os'
import t from 'tap'
import { EnvError } from './env.ts'
import { isHostOrNetwork } from './networks.ts'
import { ownAddress } from './own-address.ts'

const ip = (address: string) => ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo // all that is read of it
const MACHINE = { lo: [ip('127.0.0.1'), ip('::1')], eth0: [ip('172.18.0.5')], eth1: [ip('10.20.0.9'), ip('fd00:20::9')], none: undefined }

t.test('the internal listener finds its own address in the network that is named', async (t) => {
  const cases = { '127.0.0.1': '127.0.0.1', localhost: 'localhost', '0.0.0.0': '0.0.0.0', '10.20.0.0/24': '10.20.0.9', '172.16.0.0/12': '172.18.0.5', '10.20.0.9/32': '10.20.0.9', 'fd00:20::/64': 'fd00:20::9' }
  for (const [host, address] of Object.entries(cases)) t.equal(ownAddress(host, MACHINE), address, host)
  for (const host of ['10.21.0.0/24', 'fd00:21::/64']) t.throws(() => ownAddress(host, MACHINE), EnvError, `${host}: no address`)
  t.throws(() => ownAddress('10.20.0.0/24', { eth0: [ip('10.20.0.1')], eth1: [ip('10.20.0.2')] }), /2 addresses in the network 10\.20\.0\.0\/24/)
  t.match(ownAddress('127.0.0.0/8'), /^127\./, 'of the machine itself')
})

t.test('a network that is everybody’s, or none, is no network', async (t) => {
  for (const host of ['127.0.0.1', 'vpn.internal', '10.0.0.0/8', 'fd00::/8']) t.ok(isHostOrNetwork(host), host)
  for (const host of ['0.0.0.0/0', '::/0', '10.0.0.0/7', '10.0.0.0/33', 'vpn/24', '10.0.0.0/', 'fd00::/129']) t.notOk(isHostOrNetwork(host), host)
})
