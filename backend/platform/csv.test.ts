import t from 'tap'
import { csvLine, csvOf } from './csv.ts'

t.test('a line of CSV quotes what must be quoted, and nothing in it is a formula', async (t) => {
  t.equal(csvLine(['plain', 1500, -3, null, undefined, new Date(0)]), 'plain,1500,-3,,,1970-01-01T00:00:00.000Z\r\n')
  t.equal(csvLine(['a,b', 'say "hi"', 'two\nlines']), '"a,b","say ""hi""","two\nlines"\r\n')
  t.equal(csvLine(['=1+1', '+62', '-5', '@x', '\tx', '=A1,"']), `'=1+1,'+62,'-5,'@x,'\tx,"'=A1,"""\r\n`)
  t.equal(csvOf(['a', 'b'], [[1, 2], [3, 'x']]), 'a,b\r\n1,2\r\n3,x\r\n')
})
