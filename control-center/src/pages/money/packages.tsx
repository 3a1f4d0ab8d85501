import { Stack, Switch } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { z } from 'zod'
import type { packageView } from '../../../../backend/modules/staff/control-contract.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList, type Column } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { WholeInput } from './amount.tsx'
import { useSalesText } from './texts-sales.ts'

type Package = z.output<typeof packageView>

/** What customers buy. */
export function Page() {
  const titles = useTitles()
  const text = useSalesText()
  const may = useMay()
  const list = useList<Package>('packages', '/packages')
  const columns: Column<Package>[] = [
    { name: 'minutes', title: text('minutes'), show: (row) => row.minutes }, { name: 'price', title: text('price'), align: 'right', show: (row) => <Money idr={row.priceIdr} /> },
    { name: 'state', title: text('isOnSale'), show: (row) => <StateBadge state={row.active ? text('isOnSale') : text('withdrawn')} color={row.active ? 'green' : 'gray'} /> }, { name: 'changed', title: text('changed'), show: (row) => <Time at={row.updatedAt} /> },
  ]
  return (
    <PageFrame
      title={titles('packages')} about={text('packagesAbout')}
      acts={(
        <ActButton<{ minutes: number | string; priceIdr: number | string }>
          may="settings.write" label={text('newPackage')} about={text('newPackageAbout')} icon={<IconPlus size={16} aria-hidden />} variant="filled"
          fields={{
            initial: { minutes: '', priceIdr: '' },
            show: ({ minutes, priceIdr }, set, problemOf) => (
              <Stack gap="md">
                <WholeInput label={text('minutes')} min={1} value={minutes} error={problemOf('minutes')} onChange={(value) => set({ minutes: value })} />
                <WholeInput label={text('priceIdr')} value={priceIdr} error={problemOf('priceIdr')} onChange={(value) => set({ priceIdr: value })} />
              </Stack>
            ),
          }}
          request={({ minutes, priceIdr, reason }) => ({ method: 'POST', path: '/packages', body: { minutes: Number(minutes), priceIdr: Number(priceIdr), reason } })} changes={['packages']} draft="package" done={text('packageMade')}
        />
      )}
    >
      <DataList
        label={text('packagesLabel')} list={list} idOf={(row) => row.id} empty={{ title: text('packagesEmpty'), text: text('packagesEmptyText') }}
        columns={may('settings.write') ? [...columns, { name: 'change', title: text('change'), show: (row) => <Change row={row} /> }] : columns}
      />
    </PageFrame>
  )
}

function Change({ row }: { row: Package }) {
  const text = useSalesText()
  return (
    <ActButton<{ priceIdr: number | string; active: boolean }>
      may="settings.write" label={text('changeOf', { name: row.minutes })} about={text('changePackageAbout')} size="compact-sm"
      fields={{
        initial: { priceIdr: row.priceIdr, active: row.active },
        show: ({ priceIdr, active }, set, problemOf) => (
          <Stack gap="md">
            <WholeInput label={text('priceIdr')} value={priceIdr} error={problemOf('priceIdr')} onChange={(value) => set({ priceIdr: value })} />
            <Switch label={text('onSale')} checked={active} onChange={(event) => set({ active: event.currentTarget.checked })} />
          </Stack>
        ),
      }}
      request={({ priceIdr, active, reason }) => ({ method: 'PATCH', path: `/packages/${row.id}`, body: { priceIdr: Number(priceIdr), active, reason } })} changes={['packages']} draft={`package.${row.id}`} done={text('packageChanged')}
    />
  )
}
