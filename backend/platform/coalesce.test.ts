import t from 'tap'
import { eventually } from '../testing/wait.ts'
import { coalesce } from './coalesce.ts'

/** Runs that end when they are told to. */
function heldRuns(options: { lanes: number; most: number; besideAfterMs?: number }) {
  const runs: { items: number[]; end(): void; fail(error: Error): void }[] = []
  const ask = coalesce<number, string>({
    ...options,
    run: (items) => new Promise((resolve, reject) => runs.push({ items, end: () => resolve(items.map(String)), fail: reject })),
  })
  return { runs, ask }
}

t.test('what is asked for in one turn, and while a run is under way, is one run', async (t) => {
  const { runs, ask } = heldRuns({ lanes: 1, most: 3 })
  const first = [ask(1), ask(2)]
  await eventually(() => runs[0], 'the first run')
  const later = [ask(3), ask(4), ask(5), ask(6)]
  t.equal(ask.waiting(), 4)
  runs[0]!.end()
  t.same(await Promise.all(first), ['1', '2'])
  await eventually(() => runs[1], 'the second run')
  runs[1]!.end()
  await eventually(() => runs[2], 'the third run')
  runs[2]!.end()
  t.same(await Promise.all(later), ['3', '4', '5', '6'])
  t.same(runs.map((run) => run.items), [[1, 2], [3, 4, 5], [6]])
  t.equal(ask.waiting(), 0)
})

/** Asks for one, and for two more in later turns while its run is under way. */
async function threeInTurn({ runs, ask }: ReturnType<typeof heldRuns>) {
  const answers = [ask(1)]
  await eventually(() => runs[0], 'the first run')
  for (const item of [2, 3]) {
    answers.push(ask(item))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return answers
}

t.test('another lane is taken at once', async (t) => {
  const eager = heldRuns({ lanes: 2, most: 10 })
  const answers = await threeInTurn(eager)
  await eventually(() => eager.runs[1], 'a run beside the first')
  t.same(eager.runs.map((run) => run.items), [[1], [2]], '3 waits for a lane')
  for (const run of eager.runs) run.end()
  await eventually(() => eager.runs[2], 'the last')
  eager.runs[2]!.end()
  t.same(await Promise.all(answers), ['1', '2', '3'])
  await eager.ask.settled()
})

t.test('or only beside a run that is slow', async (t) => {
  const patient = heldRuns({ lanes: 2, most: 10, besideAfterMs: 3_600_000 })
  const answers = await threeInTurn(patient)
  t.same(patient.runs.map((run) => run.items), [[1]], 'nothing beside a run that has not taken an hour')
  patient.runs[0]!.end()
  await eventually(() => patient.runs[1], 'the run of what piled up')
  t.same(patient.runs[1]!.items, [2, 3], 'what piled up went together')
  patient.runs[1]!.end()
  t.same(await Promise.all(answers), ['1', '2', '3'])

  const slow = heldRuns({ lanes: 2, most: 10, besideAfterMs: 30 })
  const beside = [slow.ask(1)]
  await eventually(() => slow.runs[0], 'the first run')
  beside.push(slow.ask(2))
  await eventually(() => slow.runs[1], 'a run beside the one that does not end')
  for (const run of slow.runs) run.end()
  t.same(await Promise.all(beside), ['1', '2'])
  await Promise.all([patient.ask.settled(), slow.ask.settled()])
})

t.test('a run that fails fails its items only', async (t) => {
  const { runs, ask } = heldRuns({ lanes: 1, most: 1, besideAfterMs: 60_000 })
  const [one, two] = [ask(1), ask(2)]
  await eventually(() => runs[0], 'the first run')
  runs[0]!.fail(new Error('no'))
  await t.rejects(one, { message: 'no' })
  await eventually(() => runs[1], 'the second run')
  runs[1]!.end()
  t.equal(await two, '2')
  await ask.settled()
})
