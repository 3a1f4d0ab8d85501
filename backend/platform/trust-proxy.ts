import { isIP } from 'node:net'

/** What `TRUST_PROXY` means: `false`, `true` (development), a number of hops, or a list of addresses and networks. */
export function trustedProxies(value: string): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (value === 'true' || value === 'false') return value === 'true'
  if (/^\d+$/.test(value)) return (_address, hop) => hop < Number(value)
  return value.split(',').map((item) => item.trim())
}

/** Whether `TRUST_PROXY` can be understood. */
export function isTrustProxy(value: string): boolean {
  if (/^(true|false|\d{1,2})$/.test(value)) return true
  return value.split(',').every((item) => {
    const [address = '', bits] = item.trim().split('/')
    const family = isIP(address)
    return family !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
  })
}
