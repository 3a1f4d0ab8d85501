import t from 'tap'
import { keepMade } from './keep-made.ts'

t.test('what was made is kept, so many of it and no more; what can’t be made is not', async (t) => {
  const made: string[] = []
  const keep = keepMade<{ of: string }>(2)
  const get = (key: string) => keep(key, () => {
    made.push(key)
    return { of: key }
  })
  t.equal(get('a'), get('a'))
  t.same([get('b'), get('a')], [{ of: 'b' }, { of: 'a' }])
  t.same(made, ['a', 'b'])
  get('c')
  t.same([get('c'), get('a'), made.join('')], [{ of: 'c' }, { of: 'a' }, 'abca'], 'all went with the third')
  t.throws(() => keep('d', () => { throw new Error('no') }), 'no')
  t.same(get('d'), { of: 'd' })
})
