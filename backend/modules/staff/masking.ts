import { maskName, maskPhone } from '../identity/index.ts'
import type { SessionView } from '../sessions/index.ts'
import type { CustomerForStaff } from './customer-contract.ts'
import type { MitraForStaff } from './control-contract.ts'

export function maskMitra(mitra: MitraForStaff): MitraForStaff {
  return { ...mitra, displayName: masked(mitra.displayName), phone: mitra.phone === null ? null : maskPhone(mitra.phone) }
}

export function maskCustomer(customer: CustomerForStaff): CustomerForStaff {
  return { ...customer, displayName: masked(customer.displayName), phone: customer.phone === null ? null : maskPhone(customer.phone) }
}

export function maskSession(session: SessionView): SessionView {
  return {
    ...session,
    customer: { ...session.customer, displayName: masked(session.customer.displayName) },
    ...(session.mitra ? { mitra: { ...session.mitra, displayName: masked(session.mitra.displayName) } } : {}),
    ...(session.offer ? { offer: { ...session.offer, customerFirstName: maskName(session.offer.customerFirstName) } } : {}),
  }
}

function masked(name: string | null): string | null {
  return name === null ? null : maskName(name)
}
