import { randomUUID } from 'node:crypto'

/** What no caller may set about anybody. */
export const PRIVILEGED = {
  id: randomUUID(), userId: randomUUID(), customerId: randomUUID(), ownerId: randomUUID(), role: 'super_admin', isAdmin: true, admin: true, permissions: ['*'],
  state: 'paid', approvedAt: '2026-01-01T00:00:00.000Z', createdAt: '2020-01-01T00:00:00.000Z', deletedAt: null, balanceIdr: 1_000_000, walletIdr: 1_000_000, amountIdr: 1,
  discountPercent: 100, verified: true, suspendedUntil: null, bannedAt: null, __typename: 'Staff',
}

/** What a route's address must go on with. */
export const QUERIES: Readonly<Record<string, string>> = {
  '/api/v1/messages/search': '?q=halo',
  '/internal/v1/search': '?q=halo',
}
