import type { InboxEventView } from '../../../../backend/modules/staff/inbox-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { IdLink } from './parts.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** What providers sent: parked ones, unless the address says otherwise. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const [{ state = 'parked', paymentId }, change] = useFilters(['state', 'paymentId'])
  const query = { ...(state === 'all' ? {} : { state }), ...(paymentId === undefined ? {} : { paymentId }) }
  const list = useList<InboxEventView>('inbox', '/inbox-events', query)
  return (
    <PageFrame title={titles('parked')} about={text('parkedAbout')}>
      <Filters
        values={{ state, paymentId }} change={change} csv={{ path: '/inbox-events', query }}
        fields={[{ name: 'state', label: money('state'), options: ['parked', 'received', 'applied', 'all'] }, { name: 'paymentId', label: money('payment'), type: 'text' }]}
      />
      <DataList
        label={text('parkedLabel')} list={list} idOf={(row) => row.id} to={(row) => `/parked/${row.id}`} isFiltered={paymentId !== undefined || state === 'received' || state === 'applied'} empty={{ title: text('parkedEmpty'), text: text('parkedEmptyText') }}
        columns={[
          { name: 'at', title: text('receivedAt'), show: (row) => <Time at={row.receivedAt} /> }, { name: 'kind', title: money('kind'), show: (row) => `${row.provider} · ${code(row.kind)}` },
          { name: 'why', title: text('why'), show: (row) => (row.reason === null ? money('nothing') : code(row.reason)) }, { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state} /> },
          { name: 'payment', title: money('payment'), show: (row) => <IdLink to="/payments" id={row.paymentId} /> }, { name: 'times', title: text('times'), align: 'right', show: (row) => row.receivedCount },
        ]}
      />
    </PageFrame>
  )
}
