import type { SuspendedView } from '../../../../backend/modules/staff/books-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** Money that nobody could place: what is open, unless the address says otherwise. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const [{ state = 'open' }, change] = useFilters(['state'])
  const query = state === 'all' ? {} : { state }
  const list = useList<SuspendedView>('suspense', '/suspense', query)
  return (
    <PageFrame title={titles('suspense')} about={text('suspenseAbout')}>
      <Filters values={{ state }} change={change} csv={{ path: '/suspense', query }} fields={[{ name: 'state', label: money('state'), options: ['open', 'resolved', 'all'] }]} />
      <DataList
        label={text('suspenseLabel')} list={list} idOf={(row) => row.eventId} to={(row) => `/suspense/${row.eventId}`} isFiltered={state === 'resolved'} empty={{ title: text('suspenseEmpty'), text: text('suspenseEmptyText') }}
        columns={[
          { name: 'at', title: money('created'), show: (row) => <Time at={row.createdAt} /> }, { name: 'amount', title: money('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'why', title: money('reason'), show: (row) => code(row.reason) }, { name: 'customer', title: money('customer'), show: (row) => row.customerName ?? money('nothing') },
          { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state} /> }, { name: 'placed', title: text('placed'), show: (row) => (row.resolvedTo === null ? money('nothing') : code(row.resolvedTo)) },
        ]}
      />
    </PageFrame>
  )
}
