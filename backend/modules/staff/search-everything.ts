import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { listPeople, readSought } from '../identity/index.ts'
import { pageMitras } from '../mitras/index.ts'
import { findPaymentByInvoice, findPayment, type Payment } from '../payments/index.ts'
import { findSessionOfConversation, findSessionViews, type SessionView } from '../sessions/index.ts'
import type { CustomerForStaff } from './customer-contract.ts'
import type { MitraForStaff } from './control-contract.ts'
import { maskSession } from './masking.ts'
import { mayAct, seesMasked } from './roles.ts'
import type { SearchHit } from './search-contract.ts'
import { customersForStaff } from './show-customers.ts'
import { mitrasForStaff } from './show-mitras.ts'

/** So many of a kind: whoever looks for more looks in its own list. */
const MOST = 5

/** What somebody may have meant who typed this anywhere, masked and left out as in the lists of each kind. */
export async function searchEverything(ctx: Ctx, role: StaffRole, q: string): Promise<SearchHit[]> {
  const sought = readSought(ctx, q, { byPhone: !seesMasked(role) })
  const id = 'id' in sought ? sought.id : undefined
  const [mitras, customers, sessions, payments] = await Promise.all([
    pageMitras(ctx.sql, { sought, limit: MOST }).then((found) => mitrasForStaff(ctx, role, found)),
    listPeople(ctx.sql, { kind: 'customer', sought, limit: MOST }).then((found) => customersForStaff(ctx, role, found)),
    id === undefined ? [] : findSessions(ctx, role, id),
    mayAct(role, 'ledger.read') ? findPayments(ctx, q, id) : [],
  ])
  return [...mitras.map(mitraHit), ...customers.map(customerHit), ...sessions.map(sessionHit), ...payments.map(paymentHit)]
}

async function findSessions(ctx: Ctx, role: StaffRole, id: string): Promise<SessionView[]> {
  const ids = [id, (await findSessionOfConversation(ctx.sql, id)) ?? id]
  const found = [...(await findSessionViews(ctx, ids, { onlyForStaff: true })).values()].map((views) => views.staff)
  return seesMasked(role) ? found.map(maskSession) : found
}

async function findPayments(ctx: Ctx, q: string, id: string | undefined): Promise<Payment[]> {
  const payment = await (id === undefined ? findPaymentByInvoice(ctx.sql, q) : findPayment(ctx.sql, id))
  return payment ? [payment] : []
}

function mitraHit({ id, displayName, phone, status }: MitraForStaff): SearchHit {
  return { kind: 'mitra', id, title: displayName ?? phone ?? id, subtitle: phone ?? '', state: status }
}

function customerHit({ id, displayName, phone, standing }: CustomerForStaff): SearchHit {
  return { kind: 'customer', id, title: displayName ?? phone ?? id, subtitle: phone ?? '', state: standing }
}

function sessionHit({ id, customer, mitra, createdAt, state }: SessionView): SearchHit {
  const names = [customer.displayName, mitra?.displayName].flatMap((name) => name ?? [])
  return { kind: 'session', id, title: names.join(' – ') || id, subtitle: createdAt, state }
}

function paymentHit({ id, amountIdr, providerInvoiceId, state }: Payment): SearchHit {
  return { kind: 'payment', id, title: `Rp ${amountIdr.toLocaleString('id-ID')}`, subtitle: providerInvoiceId ?? id, state }
}
