import t from 'tap'
import { proveTable } from '../../testing/session-table.ts'

const TABLE = `
event                          | queued                       | held                          | ringing            | active                  | paused                   | ended   | cancelled
invoice not created            | -                            | >cancelled !payment_unavailable | -                | -                       | -                        | -       | -
deadline                       | >expired                     | >expired !hold_expired        | next               | >ended +none !time_up   | >ended +unused           | -       | -
last offer's deadline          | -                            | -                             | >unserved +all     | -                       | -                        | -       | -
mitra gone 120 s               | -                            | lost                          | next               | >paused                 | =                        | =       | =
mitra seen again               | -                            | -                             | -                  | =                       | >active                  | =       | -
`

t.test('the table of session states and events: what time does', (t) => proveTable(t, TABLE))
