import { Badge, SegmentedControl, Stack, Tabs } from '@mantine/core'
import { IconPackage } from '@tabler/icons-react'
import type { BatchView, PayoutForStaff } from '../../../../backend/modules/staff/payout-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useGo } from '../../address.ts'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { usePayoutText } from './texts-payouts.ts'

type Kind = { kind: 'requested' | 'weekly' }
const NAMES = ['tab', 'state', 'needsStaff', 'mitraId', 'from', 'until', 'batchState'] as const

/** What mitras are paid out: batches and the payouts in them. */
export function Page() {
  const titles = useTitles()
  const text = usePayoutText()
  const go = useGo()
  const [{ tab = 'batches' }, change] = useFilters(NAMES)
  return (
    <PageFrame
      title={titles('payouts')} about={text('payoutsAbout')}
      acts={(
        <ActButton<Kind>
          may="payouts.decide" label={text('prepare')} about={text('prepareAbout')} icon={<IconPackage size={16} aria-hidden />} reason="none" variant="filled"
          fields={{
            initial: { kind: 'requested' },
            show: ({ kind }, set) => (
              <SegmentedControl
                aria-label={text('prepareKind')} orientation="vertical" fullWidth value={kind} data={[{ value: 'requested', label: text('requested') }, { value: 'weekly', label: text('weekly') }]}
                onChange={(value) => set({ kind: value === 'weekly' ? 'weekly' : 'requested' })}
              />
            ),
          }}
          request={({ kind }) => ({ method: 'POST', path: '/payouts', body: { kind } })} changes={['payouts']} draft="payout-batch" done={text('prepareDone')}
          onDone={(body) => go(`/payouts/batches/${(body as { batch: BatchView }).batch.id}`)}
        />
      )}
    >
      <Tabs value={tab} onChange={(value) => change({ tab: value === 'batches' ? undefined : value ?? undefined })} keepMounted={false}>
        <Tabs.List aria-label={titles('payouts')}>
          <Tabs.Tab value="batches">{text('batches')}</Tabs.Tab>
          <Tabs.Tab value="payouts">{text('payouts')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="batches" pt="md"><Batches /></Tabs.Panel>
        <Tabs.Panel value="payouts" pt="md"><Payouts /></Tabs.Panel>
      </Tabs>
    </PageFrame>
  )
}

function Batches() {
  const text = usePayoutText()
  const money = useMoneyText()
  const code = useCode()
  const [{ batchState: state }, change] = useFilters(NAMES)
  const list = useList<BatchView>('payouts', '/payout-batches', state === undefined ? {} : { state })
  return (
    <Stack>
      <Filters values={{ batchState: state }} change={change} fields={[{ name: 'batchState', label: money('state'), options: ['draft', 'submitted', 'approved', 'rejected'] }]} />
      <DataList
        label={text('batches')} list={list} idOf={(row) => row.id} to={(row) => `/payouts/batches/${row.id}`} isFiltered={state !== undefined} empty={{ title: text('batchesEmpty'), text: text('batchesEmptyText') }}
        columns={[
          { name: 'made', title: money('created'), show: (row) => <Time at={row.createdAt} /> }, { name: 'kind', title: money('kind'), show: (row) => (row.kind === 'weekly' ? `${code(row.kind)} ${row.week ?? ''}` : code(row.kind)) },
          { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state} /> }, { name: 'count', title: text('count'), align: 'right', show: (row) => row.payouts },
          { name: 'amount', title: money('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> }, { name: 'by', title: text('madeBy'), show: (row) => row.madeByName ?? code('system') },
        ]}
      />
    </Stack>
  )
}

function Payouts() {
  const text = usePayoutText()
  const money = useMoneyText()
  const [{ tab: _tab, batchState: _state, ...filters }, change] = useFilters(NAMES)
  const list = useList<PayoutForStaff>('payouts', '/payouts', filters)
  return (
    <Stack>
      <Filters
        values={filters} change={change} csv={{ path: '/payouts', query: filters }}
        fields={[
          { name: 'state', label: money('state'), options: ['requested', 'approved', 'sent', 'succeeded', 'failed', 'reversed'] }, { name: 'needsStaff', label: money('needsStaffOnly'), options: ['true'] },
          { name: 'from', label: money('from'), type: 'date' }, { name: 'until', label: money('until'), type: 'date' }, { name: 'mitraId', label: text('mitraId'), type: 'text' },
        ]}
      />
      <PayoutRows list={list} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('payoutsEmpty'), text: text('payoutsEmptyText') }} />
    </Stack>
  )
}

type RowsProps = Pick<Parameters<typeof DataList<PayoutForStaff>>[0], 'list' | 'empty' | 'isFiltered'>

export function PayoutRows({ list, empty, isFiltered = false }: RowsProps) {
  const text = usePayoutText()
  const money = useMoneyText()
  const code = useCode()
  return (
    <DataList
      label={text('payouts')} list={list} idOf={(row) => row.id} to={(row) => `/payouts/${row.id}`} isFiltered={isFiltered} empty={empty}
      columns={[
        { name: 'asked', title: money('asked'), show: (row) => <Time at={row.createdAt} /> }, { name: 'mitra', title: text('mitra'), show: (row) => <PersonName name={row.mitraName} id={row.mitraId} /> },
        { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state} /> }, { name: 'amount', title: money('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
        { name: 'bank', title: text('bank'), show: (row) => `${row.bankAccount.bankCode} ${row.bankAccount.accountNumberMasked}` },
        { name: 'needs', title: money('needsStaff'), show: (row) => (row.needsStaff === null ? money('nothing') : <Badge variant="light" color="orange" tt="none">{code(row.needsStaff)}</Badge>) },
      ]}
    />
  )
}
