import t from 'tap'
import { proveTable } from '../../testing/session-table.ts'

// Rows of reports, blocks and sanctions are not built yet.
const TABLE = `
event                          | queued                       | held                          | ringing            | active                  | paused                   | ended   | cancelled
payment applied                | -                            | >ringing                      | wallet             | wallet                  | wallet                   | wallet  | wallet
customer cancels               | >cancelled                   | >cancelled                    | >cancelled +all    | 409                     | 409                      | 409     | =
customer ends                  | 409                          | 409                           | 409                | >ended +none            | >ended +unused           | =       | 409
staff end                      | >cancelled                   | >cancelled                    | >cancelled +all    | >ended +unused          | >ended +unused           | 409     | 409
customer rates                 | 409                          | 409                           | 409                | 409                     | 409                      | 201     | 409
customer asks for erasure      | >cancelled erased            | >cancelled erased             | 409                | 409                     | 409                      | erased  | erased
customer sends                 | -                            | -                             | -                  | 201                     | 201                      | 409     | -
mitra sends                    | -                            | -                             | -                  | 201                     | 201                      | 409     | -
customer extends               | 409                          | 409                           | 409                | pending                 | pending                  | 409     | 409
customer extends, enough in the wallet | -                    | -                             | -                  | longer                  | longer                   | -       | -
customer extends, extension pending | -                       | -                             | -                  | 409                     | 409                      | 409     | -
it is paid, extension pending  | -                            | -                             | -                  | longer                  | longer                   | late    | -
customer ends, extension pending | -                          | -                             | -                  | >ended +none dropped    | >ended +unused dropped   | =       | -
staff end, extension pending   | -                            | -                             | -                  | >ended +unused dropped  | >ended +unused dropped   | 409     | -
`

t.test('the table of session states and events: what people do', (t) => proveTable(t, TABLE))
