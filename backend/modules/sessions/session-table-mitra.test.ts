import t from 'tap'
import { proveTable } from '../../testing/session-table.ts'

// A paused session goes on when its mitra asks for anything: their erasure is then refused as in an active one.
const TABLE = `
event                          | queued                       | held                          | ringing            | active                  | paused                   | ended   | cancelled
a slot is found                | >held                        | -                             | -                  | -                       | -                        | -       | -
mitra accepts                  | -                            | -                             | >active            | =                       | =                        | =       | -
mitra declines                 | -                            | -                             | next               | 409                     | 409                      | 409     | -
mitra declines, named          | -                            | -                             | >unserved +all     | -                       | -                        | -       | -
mitra declines, nobody else    | -                            | -                             | lost               | -                       | -                        | -       | -
mitra ends                     | -                            | -                             | -                  | >ended +unused          | >ended +unused           | =       | -
goes offline                   | =                            | lost                          | next               | =                       | =                        | =       | =
goes offline, named            | >cancelled !mitra_unavailable | lost                         | >unserved +all     | =                       | -                        | -       | -
mitra asks for erasure         | erased                       | 409                           | 409                | 409                     | -                        | 409     | erased
mitra asks for erasure, named  | 409                          | 409                           | 409                | -                       | -                        | -       | -
takes a break                  | -                            | lost                          | next               | =                       | -                        | -       | -
takes a break, named           | >cancelled !mitra_unavailable | -                            | >unserved +all     | -                       | -                        | -       | -
misses the third offer         | -                            | -                             | next               | -                       | -                        | -       | -
customer extends, the mitra refuses | -                       | -                             | -                  | 409                     | 409                      | -       | -
mitra ends, extension pending  | -                            | -                             | -                  | >ended +unused dropped  | >ended +unused dropped   | =       | -
goes offline, extension pending | -                           | -                             | -                  | = pending               | = pending                | -       | -
`

t.test('the table of session states and events: what the mitra does', (t) => proveTable(t, TABLE))
