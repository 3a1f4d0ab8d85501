import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate and its key, both PEM. */
export interface TlsIdentity {
  key: string
  cert: string
}

/**
 * A certificate for these names that signs itself and is its own authority, valid for a year. Written out in DER
 * here because Node can read certificates but not make them, and openssl is not on every machine.
 */
export function createSelfSignedCertificate(dnsNames: readonly string[], ipv4Addresses: readonly string[]): TlsIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signatureAlgorithm = sequence(objectId('2a8648ce3d040302')) // ecdsa-with-SHA256
  const name = sequence(set(sequence(objectId('550403'), der(0x0c, Buffer.from('Halobestie simulators')))))
  const serial = Buffer.concat([Buffer.from([0x4a]), randomBytes(15)])
  const day = 86_400_000
  const alternativeNames = sequence(
    ...dnsNames.map((dnsName) => der(0x82, Buffer.from(dnsName, 'ascii'))),
    ...ipv4Addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // X.509 version 3
    der(0x02, serial),
    signatureAlgorithm,
    name,
    sequence(time(Date.now() - day), time(Date.now() + 365 * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(objectId('551d13'), der(0x01, Buffer.from([0xff])), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))), // CA
        sequence(objectId('551d11'), der(0x04, alternativeNames)),
      ),
    ),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, signatureAlgorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

/** One DER value: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const length = content.byteLength
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts))
}

function objectId(encodedHex: string): Buffer {
  return der(0x06, Buffer.from(encodedHex, 'hex'))
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  // UTCTime has two digits for the year and ends with 2049; after it the long form is due.
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}
