import type { ComponentType } from 'react'
import { IconChartBar, IconHeartHandshake, IconHeartbeat, IconLayoutDashboard, IconMessages, IconUserCircle, IconUsers, IconUsersGroup } from '@tabler/icons-react'
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
  { path: '/staff', act: 'staff.manage', group: 'people', title: 'staff', icon: IconUsersGroup, load: () => import('./pages/staff/staff.tsx') },
  { path: '/staff/$id', act: 'staff.manage', title: 'staffMember', load: () => import('./pages/staff/member.tsx') },
  { path: '/sessions', act: 'board.read', group: 'sessions', title: 'sessions', icon: IconMessages, load: () => import('./pages/sessions/sessions.tsx') },
  { path: '/sessions/$id', act: 'board.read', title: 'session', load: () => import('./pages/sessions/session.tsx') },
  { path: '/reports', act: ['board.read', 'ledger.read'], group: 'reports', title: 'reports', icon: IconChartBar, load: () => import('./pages/reports/reports.tsx') },
  { path: '/reports/$name', act: ['board.read', 'ledger.read'], title: 'report', load: () => import('./pages/reports/report.tsx') },
  { path: '/account', act: 'self', title: 'account', icon: IconUserCircle, load: () => import('./pages/account/account.tsx') },
]
