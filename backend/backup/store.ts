import { createHash } from 'node:crypto'
import { createReadStream, globSync } from 'node:fs'
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encode, send, S3Error, type S3Access } from './s3.ts'

/** Of what lies in the store, as it lies there. */
export type Stored = { sizeBytes: number; sha256: string }

/** Where backups lie. What was put is there as a whole or not at all. */
export type Store = {
  put(path: string, source: AsyncIterable<Uint8Array>): Promise<Stored>
  /** Throws NotInStore. */
  get(path: string): Promise<AsyncIterable<Uint8Array>>
  /** Paths that begin so, in order. */
  list(prefix: string): Promise<string[]>
  remove(path: string): Promise<void>
}

/** There is no such thing in the store. */
export class NotInStore extends Error {
  override name = 'NotInStore'
}

const PART_BYTES = 16 * 1024 * 1024
const UNFINISHED = '.unfinished'

/** `/a/folder`, or `s3://bucket/prefix` at the endpoint given. */
export function openStore(place: string, s3: (S3Access & { endpoint: string }) | undefined): Store {
  if (!place.startsWith('s3://')) return folderStore(place)
  if (!s3) throw new Error('a bucket needs BACKUP_S3_ENDPOINT, BACKUP_S3_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  return bucketStore(new URL(`${s3.endpoint.replace(/\/$/, '')}/${place.slice('s3://'.length).replace(/\/?$/, '/')}`), s3)
}

function folderStore(folder: string): Store {
  return {
    async put(path, source) {
      const [file, unfinished] = [join(folder, path), join(folder, `${path}${UNFINISHED}`)]
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      const handle = await open(unfinished, 'w', 0o600)
      const meter = createMeter()
      try {
        for await (const piece of source) {
          meter.add(piece)
          await handle.writeFile(piece)
        }
        await handle.sync()
      } catch (error) {
        await handle.close()
        await rm(unfinished, { force: true })
        throw error
      }
      await handle.close()
      await rename(unfinished, file)
      await syncFolder(dirname(file))
      return meter.read()
    },
    async get(path) {
      await access(join(folder, path)).catch(() => {
        throw new NotInStore(`${path} is not there`)
      })
      return createReadStream(join(folder, path), { highWaterMark: 1024 * 1024 })
    },
    list: async (prefix) => {
      // A folder that can't be read is not an empty one.
      await stat(folder)
      return globSync('**/*', { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.endsWith(UNFINISHED))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length)).filter((path) => path.startsWith(prefix)).toSorted()
    },
    remove: (path) => rm(join(folder, path), { force: true }),
  }
}

// A name is there after a power cut only when its folder was written too.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function createMeter() {
  const hash = createHash('sha256')
  let sizeBytes = 0
  return {
    add(piece: Uint8Array) {
      hash.update(piece)
      sizeBytes += piece.length
    },
    read: (): Stored => ({ sizeBytes, sha256: hash.digest('hex') }),
  }
}

function bucketStore(base: URL, s3: S3Access): Store {
  const at = (path: string, query: Record<string, string> = {}) => {
    const url = new URL(base.pathname + path, base)
    url.search = queryOf(query)
    return url
  }
  const bucket = base.pathname.split('/', 2).join('/')
  const prefix = decodeURIComponent(base.pathname.slice(bucket.length + 1))
  return {
    async put(path, source) {
      const meter = createMeter()
      let upload: Upload | undefined
      try {
        for await (const [part, isLast] of parts(source)) {
          meter.add(part)
          if (isLast && !upload) await send({ method: 'PUT', url: at(path), body: part }, s3)
          else await (upload ??= await beginUpload(at, path, s3)).add(part)
        }
        await upload?.finish()
      } catch (error) {
        await upload?.abort()
        throw error
      }
      return meter.read()
    },
    async get(path) {
      const answer = await send({ method: 'GET', url: at(path) }, s3).catch((error: unknown) => {
        throw error instanceof S3Error && error.status === 404 ? new NotInStore(`${path} is not there`) : error
      })
      return answer.body!
    },
    async list(start) {
      const found: string[] = []
      for (let token = ''; ;) {
        const url = new URL(bucket, base)
        url.search = queryOf({ 'list-type': '2', prefix: prefix + start, ...(token === '' ? {} : { 'continuation-token': token }) })
        const text = await (await send({ method: 'GET', url }, s3)).text()
        found.push(...[...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1]!.slice(prefix.length)))
        token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? ''
        if (token === '') return found.toSorted()
      }
    },
    remove: async (path) => void (await send({ method: 'DELETE', url: at(path) }, s3)),
  }
}

// Not by URLSearchParams: a blank is a plus there, and %20 in what is signed.
function queryOf(query: Record<string, string>): string {
  return Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`).join('&')
}

async function* parts(source: AsyncIterable<Uint8Array>): AsyncGenerator<[part: Buffer, isLast: boolean]> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const piece of source) {
    if (size >= PART_BYTES) {
      yield [Buffer.concat(held), false]
      held = []
      size = 0
    }
    held.push(piece)
    size += piece.length
  }
  yield [Buffer.concat(held), true]
}

type Upload = { add(part: Uint8Array): Promise<void>; finish(): Promise<void>; abort(): Promise<void> }

/** What is longer than a part: it is there once it is finished, and not before. */
async function beginUpload(at: (path: string, query?: Record<string, string>) => URL, path: string, s3: S3Access): Promise<Upload> {
  const begun = await (await send({ method: 'POST', url: at(path, { uploads: '' }) }, s3)).text()
  const uploadId = /<UploadId>([^<]+)</.exec(begun)?.[1]
  if (uploadId === undefined) throw new Error('the bucket did not say what the upload is called')
  const tags: string[] = []
  return {
    async add(part) {
      const answer = await send({ method: 'PUT', url: at(path, { partNumber: String(tags.length + 1), uploadId }), body: part }, s3)
      tags.push(answer.headers.get('etag') ?? '')
    },
    async finish() {
      const list = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('')
      const answer = await (await send({ method: 'POST', url: at(path, { uploadId }), body: Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`) }, s3)).text()
      // An error may come with 200: it takes so long that the status is sent before.
      if (answer.includes('<Error>')) throw new Error(`the bucket could not put the parts together: ${/<Code>(\w+)</.exec(answer)?.[1] ?? 'no reason'}`)
    },
    abort: async () => void (await send({ method: 'DELETE', url: at(path, { uploadId }) }, s3).catch(() => {})), // the bucket's own rule removes it later
  }
}
