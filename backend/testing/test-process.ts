// Runs the test files that the runner names, one after the other: the product is loaded and warm for all but the first.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { endOfFile, NO_MORE, type FileToRun } from './test-file.ts'

// A property that fails once in a thousand runs fails on somebody else's machine: what is drawn is the same everywhere.
// Whoever looks for such a case draws anew: `SEED=<number> npm test -- rules`.
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_261_121) })

const TELL_AFTER_MS = 8000
const LOOK_MS = 100
const FLUSH_MS = 5
const HARMLESS = new Set(['Timeout', 'PipeWrap', 'TCPSocketWrap', 'TLSWrap'])

async function runFile({ file, url }: FileToRun): Promise<void> {
  try {
    await import(url)
    // What runs side by side at the top is overtaken by the mark of the file's end, and its failures with it.
    if (t.jobs > 1) throw new Error(`${file}: jobs belong to a test, not to the file`)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
  // Everything that the file has queued comes before it. Only what follows a result shows that the result is whole.
  await t.test(endOfFile(file), async () => {})
  while (!isFlushed()) await sleep(FLUSH_MS)
  // tap keeps a comment back until something follows.
  process.stdout.write(`# ${endOfFile(file)}\n`)
}

/** A file of thousands of assertions, or a runner that stands still, leaves results in tap's hands: what follows would overtake them, and the end of the process lose them. */
const isFlushed = () => t.bufferLength === 0 && process.stdout.writableLength === 0

// tap does not let the channel keep a process alive.
const alive = setInterval(() => {}, 60_000)
process.once('disconnect', () => clearInterval(alive))

// What would be in another file's way: a server, a child. A library may still hold a timer (the limit on a command whose
// connection is gone) or a socket to a server that was stopped.
function end(): void {
  clearInterval(alive)
  const startedAtMs = performance.now()
  const look = setInterval(() => {
    const open = process.getActiveResourcesInfo().filter((resource) => !HARMLESS.has(resource))
    if (open.length === 0 && isFlushed()) process.exit()
    if (performance.now() - startedAtMs < TELL_AFTER_MS) return
    console.error(`still open: ${open.join(', ')}`)
    clearInterval(look)
  }, LOOK_MS)
}

process.on('message', (message) => {
  if (message === NO_MORE) end()
  else void runFile(message as FileToRun) // the runner sends nothing else
})
