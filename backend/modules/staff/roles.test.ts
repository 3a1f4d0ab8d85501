import t from 'tap'
import { STAFF_ACTS, type StaffAct, type StaffRole } from '../../platform/access.ts'
import { staffAct, type Grant } from './contract.ts'
import { grantsOf, mayAct, ROLE_TABLE, seesMasked } from './roles.ts'

const TABLE = `
| act | super_admin | admin | finance | moderator | viewer |
|---|---|---|---|---|---|
| staff accounts, roles, keys | ✓ | | | | |
| settings, packages, prices, templates, lexicon | ✓ | ✓ | r | lexicon ✓ | r |
| live board, sessions, mitras, customers | ✓ | ✓ | r | ✓ (m) | r (m) |
| approve, reject, deactivate mitras; capacity; end a session | ✓ | ✓ | | deactivate, end | |
| sanctions, cases, appeals | ✓ | ✓ | | ✓ | |
| transcript with a reason | ✓ | ✓ | | ✓ | |
| credit to a customer (up to / above the daily limit) | ✓ / 2 | ✓ / 2 | ✓ / 2 | | |
| refunds (up to Rp 500,000 and not out of platform revenue / else) | ✓ / 2 | request | ✓ / 2 | request | |
| payouts, suspense | 2 | r | 2 | | |
| parked events, replay, reconciliation | ✓ | r | ✓ | | |
| ledger, exports of money | ✓ | r | ✓ | | |
| export or erase a person | ✓ | ✓ | | | |
| announcements | ✓ | ✓ | | | |
| audit log | ✓ | ✓ | own | own | |
`

/** Which acts a row of the table is made of, in the order of its rows; reading acts first. */
const ACTS_OF_ROWS: readonly (readonly StaffAct[])[] = [
  ['staff.manage'],
  ['settings.read', 'settings.write', 'lexicon.write'],
  ['board.read'],
  ['mitras.approve', 'mitras.deactivate', 'sessions.end'],
  ['safety.act'],
  ['transcripts.read'],
  ['credits.give'],
  ['refunds.request', 'refunds.decide'],
  ['payouts.read', 'payouts.decide'],
  ['parked.read', 'parked.replay'],
  ['ledger.read'],
  ['persons.erase'],
  ['announcements.send'],
  ['audit.read', 'audit.read.own'],
]

const isReading = (act: StaffAct) => act.endsWith('.read')

/** What a cell grants for one act of its row. */
const CELLS: Record<string, (act: StaffAct) => Grant | undefined> = {
  '': () => undefined,
  '✓': () => 'yes',
  'r': (act) => (isReading(act) ? 'read' : undefined),
  '✓ (m)': () => 'masked',
  'r (m)': () => 'read-masked',
  '2': (act) => (isReading(act) ? 'yes' : 'second'),
  '✓ / 2': (act) => (act === 'refunds.request' ? 'yes' : 'yes-or-second'),
  'request': (act) => (act === 'refunds.request' ? 'yes' : undefined),
  'lexicon ✓': (act) => (act === 'lexicon.write' ? 'yes' : undefined),
  'deactivate, end': (act) => (act === 'mitras.deactivate' || act === 'sessions.end' ? 'yes' : undefined),
  'own': (act) => (act === 'audit.read.own' ? 'own' : undefined),
}

const [header = [], , ...rows] = TABLE.trim().split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
const roles = header.slice(1) as StaffRole[]

t.equal(rows.length, ACTS_OF_ROWS.length, 'every row of the table is known by its acts')
t.strictSame(['self', ...ACTS_OF_ROWS.flat()].toSorted(), [...STAFF_ACTS].toSorted(), 'every act belongs to one row, but what everybody may do with their own account')

for (const [index, [title = '', ...cells]] of rows.entries()) {
  for (const [column, role] of roles.entries()) {
    const cell = cells[column] ?? ''
    for (const act of ACTS_OF_ROWS[index] ?? []) {
      const expected = CELLS[cell]?.(act)
      t.ok(cell in CELLS, `the cell "${cell}" is understood`)
      t.equal(ROLE_TABLE[act][role], expected, `${title}: ${role} and ${act}: ${expected ?? 'may not'}`)
      t.equal(mayAct(role, act), expected !== undefined)
    }
  }
}

for (const role of roles) t.strictSame(grantsOf(role), Object.fromEntries(STAFF_ACTS.flatMap((act) => (ROLE_TABLE[act][role] === undefined ? [] : [[act, ROLE_TABLE[act][role]]]))), `${role}: pages are told what the table says`)
t.strictSame(staffAct.options.toSorted(), [...STAFF_ACTS].toSorted(), 'acts have the same names on the wire')

t.strictSame(roles.filter(seesMasked), ['moderator', 'viewer'], 'moderator and viewer see names and phone numbers masked')
