import { isIP } from 'node:net'

/** Whether `INTERNAL_HOST` can be understood: a host, or a network that is not everybody's. */
export function isHostOrNetwork(value: string): boolean {
  if (!value.includes('/')) return true
  const [address = '', bits = ''] = value.split('/')
  const family = isIP(address)
  return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) >= 8 && Number(bits) <= (family === 4 ? 32 : 128)
}
