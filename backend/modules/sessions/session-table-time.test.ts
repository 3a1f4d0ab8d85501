import t from 'tap'
import { proveTable } from '../../testing/session-table.ts'

const TABLE = `
event                          | queued                       | held                          | ringing            | active                  | paused                   | ended   | cancelled
invoice not created            | -                            | >cancelled !payment_unavailable | -                | -                       | -                        | -       | -
deadline                       | >expired                     | >expired !hold_expired        | next               | >ended +none !time_up   | >ended +unused           | -       | -
last offer's deadline          | -                            | -                             | >unserved +all     | -                       | -                        | -       | -
mitra gone 120 s               | -                            | lost                          | next               | >paused                 | =                        | =       | =
mitra seen again               | -                            | -                             | -                  | =                       | >active                  | =       | -
its invoice is not created, extension pending | -             | -                             | -                  | = dropped               | = dropped                | -       | -
its invoice expires, extension pending | -                    | -                             | -                  | = dropped               | = dropped                | -       | -
the time is up, extension pending | -                         | -                             | -                  | waits                   | -                        | -       | -
it is paid at zero, extension pending | -                     | -                             | -                  | longer                  | -                        | -       | -
its time is up too, extension pending | -                     | -                             | -                  | >ended +none !time_up dropped | >ended +unused !pause_limit dropped | - | -
mitra gone 120 s, extension pending | -                       | -                             | -                  | >paused pending         | = pending                | -       | -
mitra seen again, extension pending | -                       | -                             | -                  | = pending               | >active pending          | -       | -
`

t.test('the table of session states and events: what time does', (t) => proveTable(t, TABLE))
