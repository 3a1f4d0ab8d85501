import t from 'tap'
import { acceptedRatios, findFalls, isMet, median, ratioRow, type Ratio } from '../../bench/figures.ts'

const delivered = (value: number): Ratio => ({ name: 'delivered to raw INSERTs', value, atLeast: 1 })
const memory = (value: number): Ratio => ({ name: 'memory a socket to bare ws', value, atMost: 1.7 })

t.test('what was accepted is read back as it was written, the last of a bench', async (t) => {
  const results = `# Accepted figures\n\n## chat, 2026-11-20\n${ratioRow(delivered(0.9))}\n\n## sockets, 2026-11-20\n${ratioRow(memory(1.6))}\n\n## chat, 2026-11-21\n${ratioRow(delivered(1.85))}\n| acked | 5089/s |\n`
  t.same([...acceptedRatios(results, 'chat')], [['delivered to raw INSERTs', 1.85]])
  t.same([...acceptedRatios(results, 'sockets')], [['memory a socket to bare ws', 1.6]])
  t.equal(acceptedRatios(results, 'beacon').size, 0)
})

t.test('a fall of more than a quarter is named, in the direction in which it is one', async (t) => {
  const accepted = new Map([['delivered to raw INSERTs', 2], ['memory a socket to bare ws', 1.5]])
  t.same(findFalls('chat', [delivered(1.51), memory(1.9)], accepted), [])
  t.same(findFalls('chat', [delivered(1.4)], accepted), ['chat: delivered to raw INSERTs was 2.00, is 1.40 (30 % worse)'])
  t.same(findFalls('sockets', [memory(3)], accepted), ['sockets: memory a socket to bare ws was 1.50, is 3.00 (50 % worse)'])
  t.same(findFalls('sockets', [memory(0.5), delivered(9)], accepted), [], 'better is no fall')
  t.same(findFalls('new', [{ name: 'never accepted', value: 0, atLeast: 1 }], accepted), [])
})

t.test('the median, and whether an aim is met', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.same([isMet(delivered(1)), isMet(delivered(0.99)), isMet(memory(1.7)), isMet(memory(1.71))], [true, false, true, false])
})
