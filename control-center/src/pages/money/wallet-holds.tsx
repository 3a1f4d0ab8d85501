import type { WalletHoldView } from '../../../../backend/modules/staff/books-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** Wallets of recycled numbers: what is held, unless the address says otherwise. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const [{ state = 'held' }, change] = useFilters(['state'])
  const query = state === 'all' ? {} : { state }
  const list = useList<WalletHoldView>('holds', '/wallet-holds', query)
  return (
    <PageFrame title={titles('holds')} about={text('holdsAbout')}>
      <Filters values={{ state }} change={change} csv={{ path: '/wallet-holds', query }} fields={[{ name: 'state', label: money('state'), options: ['held', 'released', 'suspended', 'all'] }]} />
      <DataList
        label={text('holdsLabel')} list={list} idOf={(row) => row.id} to={(row) => `/wallet-holds/${row.id}`} isFiltered={state === 'released' || state === 'suspended'} empty={{ title: text('holdsEmpty'), text: text('holdsEmptyText') }}
        columns={[
          { name: 'at', title: text('heldAt'), show: (row) => <Time at={row.heldAt} /> }, { name: 'owner', title: text('owner'), show: (row) => <PersonName name={row.ownerName} id={row.customerId} /> },
          { name: 'wallet', title: text('wallet'), align: 'right', show: (row) => <Money idr={row.walletIdr} /> }, { name: 'promo', title: text('promo'), align: 'right', show: (row) => <Money idr={row.promoIdr} /> },
          { name: 'earnings', title: text('earnings'), align: 'right', show: (row) => <Money idr={row.earningsIdr} /> }, { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state === 'held' ? 'waiting' : row.state} /> },
        ]}
      />
    </PageFrame>
  )
}
