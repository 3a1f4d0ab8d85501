// Runs the test files that the runner names, one after the other: the product is loaded and warm for all but the first.
import t from 'tap'
import { endOfFile, NO_MORE, type FileToRun } from './test-file.ts'

async function runFile({ file, url }: FileToRun): Promise<void> {
  try {
    await import(url)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
  // Everything that the file has queued comes before it. Only what follows a result shows that the result is whole.
  await t.test(endOfFile(file), async () => {})
  // tap keeps a comment back until something follows.
  process.stdout.write(`# ${endOfFile(file)}\n`)
}

// tap does not let the channel keep a process alive.
const alive = setInterval(() => {}, 60_000)
process.once('disconnect', () => clearInterval(alive))
process.on('message', (message) => {
  if (message === NO_MORE) clearInterval(alive)
  else void runFile(message as FileToRun) // the runner sends nothing else
})
