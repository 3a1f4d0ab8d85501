import type { ComponentType } from 'react'
import {
  IconAlertSquare, IconAlertTriangle, IconArrowBackUp, IconBook2, IconBuildingBank, IconCalendarCheck, IconCash, IconChartBar, IconDiscount,
  IconFolder, IconGavel, IconHeartHandshake, IconHeartbeat, IconHistory, IconLayoutDashboard, IconMessageReport, IconMessages, IconPackage,
  IconParking, IconScale, IconSettings, IconSpeakerphone, IconStar, IconTemplate, IconUserCheck, IconUserCircle, IconUsers, IconUsersGroup, IconWallet,
} from '@tabler/icons-react'
import type { Act } from '../../backend/modules/staff/contract.ts'
import type { TitleKey } from './shell/titles.ts'

/** In this order in the navigation. */
export const GROUPS = ['now', 'people', 'sessions', 'money', 'safety', 'reports', 'system'] as const
export type Group = (typeof GROUPS)[number]

export type PageEntry = {
  /** `$id` stands for an id. */
  path: string
  /** Who may see it: whoever has a grant for the act, or for one of them. */
  act: Act | readonly Act[]
  /** Where it stands in the navigation; nowhere when absent (one thing of a list). */
  group?: Group
  title: TitleKey
  icon?: ComponentType<{ size?: number; stroke?: number }>
  /** How many of it wait for somebody, beside its name in the navigation: reads by itself. */
  badge?: () => Promise<{ Badge: ComponentType }>
  load: () => Promise<{ Page: ComponentType }>
}

/** Every page of the control center. Its words, its reads and its acts are in the file that it loads. */
export const PAGES: readonly PageEntry[] = [
  { path: '/', act: 'board.read', group: 'now', title: 'board', icon: IconLayoutDashboard, load: () => import('./pages/now/now.tsx') },
  { path: '/system', act: 'board.read', group: 'system', title: 'health', icon: IconHeartbeat, load: () => import('./pages/system/system.tsx') },
  { path: '/mitras', act: 'board.read', group: 'people', title: 'mitras', icon: IconHeartHandshake, load: () => import('./pages/people/mitras.tsx') },
  { path: '/mitras/$id', act: 'board.read', title: 'mitra', load: () => import('./pages/people/mitra.tsx') },
  { path: '/customers', act: 'board.read', group: 'people', title: 'customers', icon: IconUsers, load: () => import('./pages/people/customers.tsx') },
  { path: '/customers/$id', act: 'board.read', title: 'customer', load: () => import('./pages/people/customer.tsx') },
  { path: '/announcements', act: 'announcements.send', group: 'people', title: 'announcements', icon: IconSpeakerphone, load: () => import('./pages/announcements/announcements.tsx') },
  { path: '/announcements/$id', act: 'announcements.send', title: 'announcement', load: () => import('./pages/announcements/announcement.tsx') },
  { path: '/staff', act: 'staff.manage', group: 'people', title: 'staff', icon: IconUsersGroup, load: () => import('./pages/staff/staff.tsx') },
  { path: '/staff/$id', act: 'staff.manage', title: 'staffMember', load: () => import('./pages/staff/member.tsx') },
  { path: '/sessions', act: 'board.read', group: 'sessions', title: 'sessions', icon: IconMessages, load: () => import('./pages/sessions/sessions.tsx') },
  { path: '/sessions/$id', act: 'board.read', title: 'session', load: () => import('./pages/sessions/session.tsx') },
  { path: '/reports', act: ['board.read', 'ledger.read'], group: 'reports', title: 'reports', icon: IconChartBar, load: () => import('./pages/reports/reports.tsx') },
  { path: '/reports/$name', act: ['board.read', 'ledger.read'], title: 'report', load: () => import('./pages/reports/report.tsx') },
  { path: '/payments', act: 'ledger.read', group: 'money', title: 'payments', icon: IconCash, load: () => import('./pages/money/payments.tsx') },
  { path: '/payments/$id', act: 'ledger.read', title: 'payment', load: () => import('./pages/money/payment.tsx') },
  { path: '/refunds', act: 'refunds.request', group: 'money', title: 'refunds', icon: IconArrowBackUp, load: () => import('./pages/money/refunds.tsx') },
  { path: '/refunds/$id', act: 'refunds.request', title: 'refund', load: () => import('./pages/money/refund.tsx') },
  { path: '/payouts', act: 'payouts.read', group: 'money', title: 'payouts', icon: IconBuildingBank, badge: async () => ({ Badge: (await import('./pages/money/badges.tsx')).Payouts }), load: () => import('./pages/money/payouts.tsx') },
  { path: '/payouts/batches/$id', act: 'payouts.read', title: 'payout', load: () => import('./pages/money/payout-batch.tsx') },
  { path: '/payouts/$id', act: 'payouts.read', title: 'payouts', load: () => import('./pages/money/payout.tsx') },
  { path: '/approvals', act: 'payouts.read', group: 'money', title: 'approvals', icon: IconUserCheck, badge: async () => ({ Badge: (await import('./pages/money/badges.tsx')).Approvals }), load: () => import('./pages/money/approvals.tsx') },
  { path: '/approvals/$id', act: 'payouts.read', title: 'approvals', load: () => import('./pages/money/approval.tsx') },
  { path: '/parked', act: 'parked.read', group: 'money', title: 'parked', icon: IconParking, badge: async () => ({ Badge: (await import('./pages/money/badges.tsx')).Parked }), load: () => import('./pages/money/parked.tsx') },
  { path: '/parked/$id', act: 'parked.read', title: 'parked', load: () => import('./pages/money/parked-event.tsx') },
  { path: '/suspense', act: 'payouts.read', group: 'money', title: 'suspense', icon: IconAlertSquare, badge: async () => ({ Badge: (await import('./pages/money/badges.tsx')).Suspended }), load: () => import('./pages/money/suspense.tsx') },
  { path: '/suspense/$id', act: 'payouts.read', title: 'suspense', load: () => import('./pages/money/suspended.tsx') },
  { path: '/wallet-holds', act: 'payouts.read', group: 'money', title: 'holds', icon: IconWallet, badge: async () => ({ Badge: (await import('./pages/money/badges.tsx')).Holds }), load: () => import('./pages/money/wallet-holds.tsx') },
  { path: '/wallet-holds/$id', act: 'payouts.read', title: 'holds', load: () => import('./pages/money/wallet-hold.tsx') },
  { path: '/reconciliation', act: 'parked.read', group: 'money', title: 'reconciliation', icon: IconScale, load: () => import('./pages/money/reconciliations.tsx') },
  { path: '/reconciliation/$id', act: 'parked.read', title: 'reconciliationRun', load: () => import('./pages/money/reconciliation.tsx') },
  { path: '/ledger', act: 'ledger.read', group: 'money', title: 'ledger', icon: IconBook2, load: () => import('./pages/money/ledger.tsx') },
  { path: '/ledger/accounts/$id', act: 'ledger.read', title: 'account2', load: () => import('./pages/money/ledger-account.tsx') },
  { path: '/ledger/transactions/$id', act: 'ledger.read', title: 'transaction', load: () => import('./pages/money/ledger-transaction.tsx') },
  { path: '/closings', act: 'ledger.read', group: 'money', title: 'closings', icon: IconCalendarCheck, load: () => import('./pages/money/closings.tsx') },
  { path: '/closings/$day', act: 'ledger.read', title: 'closings', load: () => import('./pages/money/closing.tsx') },
  { path: '/packages', act: 'settings.read', group: 'money', title: 'packages', icon: IconPackage, load: () => import('./pages/money/packages.tsx') },
  { path: '/promo-codes', act: 'settings.read', group: 'money', title: 'promoCodes', icon: IconDiscount, load: () => import('./pages/money/promo-codes.tsx') },
  { path: '/alerts', act: 'safety.act', group: 'safety', title: 'alerts', icon: IconAlertTriangle, badge: () => import('./pages/safety/alerts-badge.tsx'), load: () => import('./pages/safety/alerts.tsx') },
  { path: '/cases', act: 'safety.act', group: 'safety', title: 'cases', icon: IconFolder, load: () => import('./pages/safety/cases.tsx') },
  { path: '/cases/$id', act: 'safety.act', title: 'case', load: () => import('./pages/safety/case.tsx') },
  { path: '/sanctions', act: 'safety.act', group: 'safety', title: 'sanctions', icon: IconGavel, load: () => import('./pages/safety/sanctions.tsx') },
  { path: '/appeals', act: 'safety.act', group: 'safety', title: 'appeals', icon: IconMessageReport, load: () => import('./pages/safety/appeals.tsx') },
  { path: '/ratings', act: 'safety.act', group: 'safety', title: 'ratings', icon: IconStar, load: () => import('./pages/safety/ratings.tsx') },
  { path: '/lexicon', act: 'lexicon.write', group: 'safety', title: 'lexicon', icon: IconBook2, load: () => import('./pages/safety/lexicon.tsx') },
  { path: '/settings', act: 'settings.read', group: 'system', title: 'settings', icon: IconSettings, load: () => import('./pages/settings/settings.tsx') },
  { path: '/templates', act: 'settings.read', group: 'system', title: 'templates', icon: IconTemplate, load: () => import('./pages/templates/templates.tsx') },
  { path: '/templates/$key', act: 'settings.read', title: 'template', load: () => import('./pages/templates/template.tsx') },
  { path: '/audit', act: 'audit.read.own', group: 'system', title: 'audit', icon: IconHistory, load: () => import('./pages/audit/audit.tsx') },
  { path: '/account', act: 'self', title: 'account', icon: IconUserCircle, load: () => import('./pages/account/account.tsx') },
]
