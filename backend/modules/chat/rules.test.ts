import fc from 'fast-check'
import t from 'tap'
import { countCodePoints, refuseText } from './rules.ts'

t.test('length is counted in Unicode code points', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => countCodePoints(text) === Array.from(text).length))
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
    const text = String.fromCharCode(...units)
    return countCodePoints(text) === Array.from(text).length
  }))
  t.equal(countCodePoints('👨‍👩‍👧'), 5, 'a family is five')
})

t.test('what can’t be stored is refused, everything else is not', async (t) => {
  const cases: [string, string | undefined][] = [
    ['a', undefined], [' ', undefined], ['\n', undefined], ['🙂'.repeat(10), undefined], ['\uffff', undefined],
    ['', 'validation_failed'], ['\0', 'validation_failed'], ['\ud83d', 'validation_failed'], ['\ude00x', 'validation_failed'],
    ['a'.repeat(11), 'message_too_long'], ['🙂'.repeat(11), 'message_too_long'],
  ]
  for (const [text, code] of cases) t.equal(refuseText(text, 10)?.code, code, JSON.stringify(text.slice(0, 12)))
})
