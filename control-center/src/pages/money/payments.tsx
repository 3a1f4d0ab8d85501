import type { StaffPayment } from '../../../../backend/modules/staff/refund-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'

const NAMES = ['state', 'kind', 'customerId', 'sessionId', 'providerInvoiceId', 'from', 'until'] as const

/** What customers pay. */
export function Page() {
  const titles = useTitles()
  const text = useMoneyText()
  const code = useCode()
  const [filters, change] = useFilters(NAMES)
  const list = useList<StaffPayment>('payments', '/payments', filters)
  return (
    <PageFrame title={titles('payments')} about={text('paymentsAbout')}>
      <Filters
        values={filters} change={change} csv={{ path: '/payments', query: filters }}
        fields={[
          { name: 'state', label: text('state'), options: ['creating', 'pending', 'paid', 'expired', 'failed'] }, { name: 'kind', label: text('kind'), options: ['session', 'extension', 'tip'] },
          { name: 'from', label: text('from'), type: 'date' }, { name: 'until', label: text('until'), type: 'date' },
          { name: 'providerInvoiceId', label: text('invoiceId'), type: 'text' }, { name: 'customerId', label: text('customerId'), type: 'text' }, { name: 'sessionId', label: text('sessionId'), type: 'text' },
        ]}
      />
      <DataList
        label={text('paymentsLabel')} list={list} idOf={(row) => row.id} to={(row) => `/payments/${row.id}`} isFiltered={Object.keys(filters).length > 0}
        empty={{ title: text('paymentsEmpty'), text: text('paymentsEmptyText') }}
        columns={[
          { name: 'created', title: text('created'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'customer', title: text('customer'), show: (row) => <PersonName name={row.customerName} id={row.customerId} /> },
          { name: 'kind', title: text('kind'), show: (row) => code(row.kind) },
          { name: 'state', title: text('state'), show: (row) => <MoneyState state={row.state} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'channel', title: text('channel'), show: (row) => row.channel ?? text('nothing') },
          { name: 'paid', title: text('paidAt'), show: (row) => <Time at={row.paidAt} /> },
        ]}
      />
    </PageFrame>
  )
}
