import t from 'tap'
import { proveTable } from '../../testing/session-table.ts'

const TABLE = `
event                          | queued                       | held                          | ringing            | active                  | paused                   | ended   | cancelled
customer blocks                | =                            | lost                          | next               | >ended +none !customer_ended | >ended +unused      | =       | =
customer blocks, named         | >cancelled !customer_cancelled | >cancelled !customer_cancelled | >unserved +all  | >ended +none            | >ended +unused           | -       | -
mitra blocks                   | 404                          | lost                          | next               | >ended +unused !mitra_ended | >ended +unused       | =       | 404
mitra blocks, named            | >cancelled !mitra_unavailable | >cancelled !mitra_unavailable | >unserved +all    | >ended +unused          | >ended +unused           | -       | =
customer blocks, extension pending | -                        | -                             | -                  | >ended +none dropped    | >ended +unused dropped   | =       | -
customer suspended             | >cancelled !staff_ended      | >cancelled                    | >cancelled +all    | >ended +none            | >ended +unused           | =       | =
customer banned, staff give back | -                          | -                             | -                  | >ended +unused          | -                        | -       | -
mitra suspended                | =                            | lost                          | next               | >ended +unused !staff_ended | >ended +unused       | =       | =
mitra suspended, named         | >cancelled !mitra_unavailable | >cancelled !mitra_unavailable | >unserved +all    | >ended +unused          | -                        | -       | -
customer suspended, extension pending | -                     | -                             | -                  | >ended +none dropped    | >ended +unused dropped   | -       | -
mitra suspended, extension pending | -                        | -                             | -                  | >ended +unused dropped  | >ended +unused dropped   | -       | -
it is paid after a ban         | -                            | >cancelled suspense           | >cancelled suspense | >ended suspense        | >ended suspense          | = suspense | = suspense
mitra blocks, extension pending | -                           | -                             | -                  | >ended +unused dropped  | >ended +unused dropped   | =       | -
`

t.test('the table of session states and events: what keeps people apart', (t) => proveTable(t, TABLE))
