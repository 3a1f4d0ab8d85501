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

t.test('another lane is taken at once, or only beside a run that is slow', async (t) => {
  const eager = heldRuns({ lanes: 2, most: 10 })
  const patient = heldRuns({ lanes: 2, most: 10, besideAfterMs: 30 })
  const answers: Promise<string>[] = []
  for (const { ask, runs } of [eager, patient]) {
    answers.push(ask(1))
    await eventually(() => runs[0], 'the first run')
    for (const item of [2, 3]) {
      answers.push(ask(item))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => runs[1], 'a run beside the first')
  }
  t.same(eager.runs.map((run) => run.items), [[1], [2]], '3 waits for a lane')
  t.same(patient.runs.map((run) => run.items), [[1], [2, 3]], 'what piled up went together')
  for (const { runs } of [eager, patient]) for (const run of runs) run.end()
  await eventually(() => eager.runs[2], 'the last')
  eager.runs[2]!.end()
  t.same(await Promise.all(answers), ['1', '2', '3', '1', '2', '3'])
  await Promise.all([eager.ask.settled(), patient.ask.settled()])
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
