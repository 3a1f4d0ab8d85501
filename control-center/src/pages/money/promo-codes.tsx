import { SegmentedControl, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { z } from 'zod'
import type { promoCodeView } from '../../../../backend/modules/staff/promo-code-contract.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { serverNow } from '../../api/server-time.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList, type Column } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, StateBadge, Time } from '../../parts/values.tsx'
import { dayInJakarta, useFormat } from '../../format.ts'
import { useTitles } from '../../shell/titles.ts'
import { WholeInput } from './amount.tsx'
import { useSalesText } from './texts-sales.ts'

type PromoCode = z.output<typeof promoCodeView>
type Whole = number | string
type NewCode = { code: string; kind: 'amount' | 'percent'; amountIdr: Whole; percent: Whole; mostIdr: Whole; budgetIdr: Whole; perPersonLimit: Whole; leastPriceIdr: Whole; startsAt: string; endsAt: string }
type Change = { budgetIdr: Whole; perPersonLimit: Whole; leastPriceIdr: Whole; endsAt: string; active: boolean }

// A field for a time has no zone; the product's is Jakarta's.
const zoned = (local: string) => `${local.length === 16 ? `${local}:00` : local}+07:00`
const local = (at: string) => new Date(Date.parse(at) + 7 * 3_600_000).toISOString().slice(0, 16)

/** Codes that give credit for a session. */
export function Page() {
  const titles = useTitles()
  const text = useSalesText()
  const format = useFormat()
  const may = useMay()
  const list = useList<PromoCode>('promo-codes', '/promo-codes')
  const columns: Column<PromoCode>[] = [
    { name: 'code', title: text('code'), show: (row) => <Text span ff="monospace" fw={600} size="sm">{row.code}</Text> },
    { name: 'worth', title: text('worth'), show: (row) => (row.kind === 'amount' ? <Money idr={row.amountIdr} /> : text('upTo', { percent: format.percent((row.percent ?? 0) / 100), most: format.idr(row.mostIdr) })) },
    { name: 'spent', title: text('spent'), align: 'right', show: (row) => text('ofBudget', { spent: format.idr(row.spentIdr), budget: format.idr(row.budgetIdr) }) },
    { name: 'starts', title: text('starts'), show: (row) => <Time at={row.startsAt} /> }, { name: 'ends', title: text('ends'), show: (row) => <Time at={row.endsAt} /> },
    { name: 'state', title: text('works'), show: (row) => <StateBadge state={row.active ? text('isActive') : text('stopped')} color={row.active ? 'green' : 'gray'} /> },
  ]
  return (
    <PageFrame title={titles('promoCodes')} about={text('promoAbout')} acts={<New />}>
      <DataList
        label={text('promoLabel')} list={list} idOf={(row) => row.id} empty={{ title: text('promoEmpty'), text: text('promoEmptyText') }}
        columns={may('settings.write') ? [...columns, { name: 'change', title: text('change'), show: (row) => <ChangeButton row={row} /> }] : columns}
      />
    </PageFrame>
  )
}

function New() {
  const text = useSalesText()
  const day = dayInJakarta(serverNow())
  const initial: NewCode = { code: '', kind: 'amount', amountIdr: '', percent: '', mostIdr: '', budgetIdr: '', perPersonLimit: 1, leastPriceIdr: 0, startsAt: `${day}T00:00`, endsAt: `${dayInJakarta(serverNow(), 30)}T23:59` }
  return (
    <ActButton<NewCode>
      may="settings.write" label={text('newCode')} about={text('newCodeAbout')} icon={<IconPlus size={16} aria-hidden />} variant="filled"
      fields={{
        initial,
        show: (values, set, problemOf) => (
          <Stack gap="md">
            <TextInput label={text('code')} description={text('codeHint')} required value={values.code} error={problemOf('code')} onChange={(event) => set({ code: event.currentTarget.value })} />
            <SegmentedControl aria-label={text('worthKind')} fullWidth value={values.kind} data={[{ value: 'amount', label: text('amount') }, { value: 'percent', label: text('percent') }]} onChange={(kind) => set({ kind: kind === 'percent' ? 'percent' : 'amount' })} />
            {values.kind === 'amount'
              ? <WholeInput label={text('amountIdr')} min={1} value={values.amountIdr} error={problemOf('worth.amountIdr')} onChange={(amountIdr) => set({ amountIdr })} />
              : (
                  <>
                    <WholeInput label={text('percentOf')} min={1} value={values.percent} error={problemOf('worth.percent')} onChange={(percent) => set({ percent })} />
                    <WholeInput label={text('mostIdr')} min={1} value={values.mostIdr} error={problemOf('worth.mostIdr')} onChange={(mostIdr) => set({ mostIdr })} />
                  </>
                )}
            <Shared values={values} set={set} problemOf={problemOf} />
            <TextInput type="datetime-local" label={text('starts')} description={text('timeHint')} required value={values.startsAt} error={problemOf('startsAt')} onChange={(event) => set({ startsAt: event.currentTarget.value })} />
            <TextInput type="datetime-local" label={text('ends')} description={text('timeHint')} required value={values.endsAt} error={problemOf('endsAt')} onChange={(event) => set({ endsAt: event.currentTarget.value })} />
          </Stack>
        ),
      }}
      request={({ kind, amountIdr, percent, mostIdr, ...values }) => ({
        method: 'POST', path: '/promo-codes',
        body: {
          code: values.code.trim(), worth: kind === 'amount' ? { amountIdr: Number(amountIdr) } : { percent: Number(percent), mostIdr: Number(mostIdr) }, budgetIdr: Number(values.budgetIdr),
          perPersonLimit: Number(values.perPersonLimit), leastPriceIdr: Number(values.leastPriceIdr), startsAt: zoned(values.startsAt), endsAt: zoned(values.endsAt), reason: values.reason,
        },
      })}
      changes={['promo-codes']} draft="promo-code" done={text('codeMade')}
    />
  )
}

type Terms = { budgetIdr: Whole; perPersonLimit: Whole; leastPriceIdr: Whole }

function Shared({ values, set, problemOf }: { values: Terms; set: (change: Partial<Terms>) => void; problemOf: (path: string) => string | undefined }) {
  const text = useSalesText()
  return (
    <>
      <WholeInput label={text('budgetIdr')} value={values.budgetIdr} error={problemOf('budgetIdr')} onChange={(budgetIdr) => set({ budgetIdr })} />
      <WholeInput label={text('perPerson')} min={1} value={values.perPersonLimit} error={problemOf('perPersonLimit')} onChange={(perPersonLimit) => set({ perPersonLimit })} />
      <WholeInput label={text('leastIdr')} value={values.leastPriceIdr} error={problemOf('leastPriceIdr')} onChange={(leastPriceIdr) => set({ leastPriceIdr })} />
    </>
  )
}

function ChangeButton({ row }: { row: PromoCode }) {
  const text = useSalesText()
  return (
    <ActButton<Change>
      may="settings.write" label={text('changeOf', { name: row.code })} about={text('changeCodeAbout')} size="compact-sm"
      fields={{
        initial: { budgetIdr: row.budgetIdr, perPersonLimit: row.perPersonLimit, leastPriceIdr: row.leastPriceIdr, endsAt: local(row.endsAt), active: row.active },
        show: (values, set, problemOf) => (
          <Stack gap="md">
            <Shared values={values} set={set} problemOf={problemOf} />
            <TextInput type="datetime-local" label={text('ends')} description={text('timeHint')} required value={values.endsAt} error={problemOf('endsAt')} onChange={(event) => set({ endsAt: event.currentTarget.value })} />
            <Switch label={text('isActive')} checked={values.active} onChange={(event) => set({ active: event.currentTarget.checked })} />
          </Stack>
        ),
      }}
      request={({ reason, active, endsAt, ...values }) => ({
        method: 'PATCH', path: `/promo-codes/${row.id}`,
        body: { budgetIdr: Number(values.budgetIdr), perPersonLimit: Number(values.perPersonLimit), leastPriceIdr: Number(values.leastPriceIdr), active, reason, ...(endsAt === local(row.endsAt) ? {} : { endsAt: zoned(endsAt) }) },
      })}
      changes={['promo-codes']} draft={`promo-code.${row.id}`} done={text('codeChanged')}
    />
  )
}
