import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/** A key for backups: 32 bytes. The id is public: it says which key a backup needs. */
export type BackupKey = { id: string; bytes: Buffer }

/** A sealed stream can't be opened: the wrong key, the wrong place, damaged or cut off. */
export class EnvelopeError extends Error {
  override name = 'EnvelopeError'
}

const MAGIC = Buffer.from('HBSEAL1\n')
const KEY_ID_BYTES = 8
const SALT_BYTES = 32
const HEADER_BYTES = MAGIC.length + KEY_ID_BYTES + SALT_BYTES
const CHUNK_BYTES = 1024 * 1024
const TAG_BYTES = 16
const KEY_BYTES = 32

/** The keys of a file: base64, one a line, the one that seals first; `#` begins a comment. Throws without printing any. */
export function readKeys(text: string): BackupKey[] {
  const keys = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const bytes = Buffer.from(line, 'base64')
    if (bytes.length !== KEY_BYTES) throw new EnvelopeError(`a key for backups is ${KEY_BYTES} bytes in base64: openssl rand -base64 ${KEY_BYTES}`)
    return { id: createHash('sha256').update('halobestie backup key').update(bytes).digest().subarray(0, KEY_ID_BYTES).toString('hex'), bytes }
  })
  if (keys.length === 0) throw new EnvelopeError('the file of backup keys is empty')
  return keys
}

// Each stream has a key of its own, made of the backup's key, a salt and the place that it is for: nothing sealed for one
// place opens at another, and chunks can't be mixed between streams.
function streamKey(key: BackupKey, salt: Uint8Array, place: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, salt, `halobestie backup ${place}`, KEY_BYTES))
}

// The number of the chunk and whether it is the last: none can be moved, left out or cut off.
function nonce(index: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64BE(BigInt(index), 0)
  bytes[11] = isLast ? 1 : 0
  return bytes
}

/** Puts together what comes in pieces: chunks of exactly `bytes`, and a last one (perhaps shorter, perhaps empty) that is marked. */
async function* chunked(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<[chunk: Buffer, isLast: boolean]> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const piece of source) {
    held.push(piece)
    size += piece.length
    // More than one chunk: what is yielded here is surely not the last.
    if (size <= bytes) continue
    let all = Buffer.concat(held)
    while (all.length > bytes) {
      yield [all.subarray(0, bytes), false]
      all = all.subarray(bytes)
    }
    held = [all]
    size = all.length
  }
  yield [Buffer.concat(held), true]
}

/** Encrypts a stream with AES-256-GCM in chunks of 1 MiB; `place` is where it will lie. */
export async function* seal(source: AsyncIterable<Uint8Array>, key: BackupKey, place: string): AsyncGenerator<Uint8Array> {
  const salt = randomBytes(SALT_BYTES)
  const secret = streamKey(key, salt, place)
  yield Buffer.concat([MAGIC, Buffer.from(key.id, 'hex'), salt])
  let index = 0
  for await (const [chunk, isLast] of chunked(source, CHUNK_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', secret, nonce(index++, isLast))
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
}

/** Decrypts what `seal` made for this place; nothing comes out of a chunk that is not whole. Throws EnvelopeError. */
export async function* open(source: AsyncIterable<Uint8Array>, keys: readonly BackupKey[], place: string): AsyncGenerator<Uint8Array> {
  const rest = source[Symbol.asyncIterator]()
  let head: Uint8Array = Buffer.alloc(0)
  while (head.length < HEADER_BYTES) {
    const next = await rest.next()
    if (next.done) throw new EnvelopeError(`${place}: not sealed, or cut off`)
    head = Buffer.concat([head, next.value])
  }
  const header = Buffer.from(head.subarray(0, HEADER_BYTES))
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw new EnvelopeError(`${place}: not sealed by us`)
  const id = header.subarray(MAGIC.length, MAGIC.length + KEY_ID_BYTES).toString('hex')
  const key = keys.find((one) => one.id === id)
  if (!key) throw new EnvelopeError(`${place}: sealed with the key ${id}, which the file of backup keys does not have`)
  const secret = streamKey(key, header.subarray(MAGIC.length + KEY_ID_BYTES), place)
  const body = (async function* () {
    yield head.subarray(HEADER_BYTES)
    yield* { [Symbol.asyncIterator]: () => rest }
  })()
  let index = 0
  for await (const [chunk, isLast] of chunked(body, CHUNK_BYTES + TAG_BYTES)) {
    if (chunk.length < TAG_BYTES) throw new EnvelopeError(`${place}: cut off`)
    const decipher = createDecipheriv('aes-256-gcm', secret, nonce(index++, isLast)).setAuthTag(chunk.subarray(chunk.length - TAG_BYTES))
    const opened = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES))
    try {
      decipher.final()
    } catch {
      throw new EnvelopeError(`${place}: damaged, cut off or of another place`)
    }
    yield opened
  }
}
