import { Checkbox, Group, NativeSelect } from '@mantine/core'
import type { CustomerForStaff } from '../../../../backend/modules/staff/customer-contract.ts'
import { useFilters } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { SearchField } from './search-field.tsx'
import { Standing } from './standing.tsx'
import { usePeopleText } from './texts.ts'

const STANDINGS = ['active', 'suspended', 'banned', 'erased'] as const

/** All customers, the newest first. */
export function Page() {
  const text = usePeopleText()
  const titles = useTitles()
  const may = useMay()
  const [filters, change] = useFilters(['q', 'standing', 'openCase'])
  const list = useList<CustomerForStaff>('customers', '/customers', filters)
  return (
    <PageFrame title={titles('customers')} about={text('customersAbout')}>
      <Group align="flex-end" gap="sm" role="search">
        <SearchField q={filters.q} onChange={(q) => change({ q })} />
        <NativeSelect
          label={text('standing')} value={filters.standing ?? ''} onChange={(event) => change({ standing: event.currentTarget.value })}
          data={[{ value: '', label: text('anyStanding') }, ...STANDINGS.map((standing) => ({ value: standing, label: text(`standing_${standing}`) }))]}
        />
        {may('safety.act') && <Checkbox pb={8} label={text('openCase')} checked={filters.openCase === 'true'} onChange={(event) => change({ openCase: event.currentTarget.checked ? 'true' : undefined })} />}
      </Group>
      <DataList
        label={titles('customers')} list={list} idOf={({ id }) => id} to={({ id }) => `/customers/${id}`} isFiltered={Object.keys(filters).length > 0}
        empty={{ title: text('noCustomers'), text: text('noCustomersText') }}
        columns={[
          { name: 'name', title: text('name'), show: (row) => <PersonName name={row.displayName} id={row.id} /> },
          { name: 'phone', title: text('phone'), show: (row) => row.phone ?? '–' },
          { name: 'standing', title: text('standing'), show: (row) => <Standing standing={row.standing} /> },
          { name: 'joined', title: text('joined'), show: (row) => <Time at={row.createdAt} /> },
        ]}
      />
    </PageFrame>
  )
}
