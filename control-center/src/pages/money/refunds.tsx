import { Badge } from '@mantine/core'
import type { StaffRefund } from '../../../../backend/modules/staff/refund-contract.ts'
import { useFilters } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'

const NAMES = ['state', 'needsStaff', 'paymentId', 'customerId', 'from', 'until'] as const

/** Money that goes back. */
export function Page() {
  const titles = useTitles()
  const text = useMoneyText()
  const code = useCode()
  const may = useMay()
  const [filters, change] = useFilters(NAMES)
  const list = useList<StaffRefund>('refunds', '/refunds', filters)
  return (
    <PageFrame title={titles('refunds')} about={text('refundsAbout')}>
      <Filters
        values={filters} change={change} {...(may('ledger.read') ? { csv: { path: '/refunds', query: filters } } : {})}
        fields={[
          { name: 'state', label: text('state'), options: ['requested', 'approved', 'pending', 'succeeded', 'failed', 'cancelled'] }, { name: 'needsStaff', label: text('needsStaffOnly'), options: ['true'] },
          { name: 'from', label: text('from'), type: 'date' }, { name: 'until', label: text('until'), type: 'date' }, { name: 'customerId', label: text('customerId'), type: 'text' },
        ]}
      />
      <DataList
        label={text('refundsLabel')} list={list} idOf={(row) => row.id} to={(row) => `/refunds/${row.id}`} isFiltered={Object.keys(filters).length > 0}
        empty={{ title: text('refundsEmpty'), text: text('refundsEmptyText') }}
        columns={[
          { name: 'asked', title: text('asked'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'customer', title: text('customer'), show: (row) => <PersonName name={row.customerName} id={row.customerId} /> },
          { name: 'state', title: text('state'), show: (row) => <MoneyState state={row.state} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'method', title: text('method'), show: (row) => text(row.method === 'manual' ? 'methodManual' : 'methodProvider') },
          { name: 'by', title: text('requestedBy'), show: (row) => row.requestedByName ?? code(row.requestedByKind) },
          { name: 'needs', title: text('needsStaff'), show: (row) => (row.needsStaff === null ? text('nothing') : <Badge variant="light" color="orange" tt="none">{code(row.needsStaff)}</Badge>) },
        ]}
      />
    </PageFrame>
  )
}
