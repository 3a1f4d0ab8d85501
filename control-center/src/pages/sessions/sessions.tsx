import { Button, Card, Group, MultiSelect, NumberInput, Pill, Select, SimpleGrid, TextInput } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import '@mantine/dates/styles.css'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import type { SessionView } from '../../../../backend/modules/sessions/contract.ts'
import { useFilters } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { SavedViews } from '../../parts/saved-views.tsx'
import { Money, PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useLanguage } from '../../texts.ts'
import { useCode, useCommon } from '../../texts-common.ts'
import { END_REASONS, useSessionCode, useSessionText } from './texts.ts'

const STATES = ['queued', 'held', 'ringing', 'active', 'paused', 'ended', 'cancelled', 'expired', 'unserved'] as const
const FILTERS = ['state', 'q', 'from', 'until', 'customerId', 'mitraId', 'endReason', 'topic', 'minutes', 'has'] as const
type Name = (typeof FILTERS)[number]

/** Every session, found by what is known of it. */
export function Page() {
  const [titles, text, code] = [useTitles(), useSessionText(), useCode()]
  const reason = useSessionCode(code)
  const [filters, change] = useFilters(FILTERS)
  const list = useList<SessionView>('sessions', '/sessions', { ...filters, limit: 50 })
  return (
    <PageFrame
      title={titles('sessions')} about={text('about')}
      acts={<SavedViews page="sessions" filters={filters} apply={(view) => change(Object.fromEntries(FILTERS.map((name) => [name, view[name]])))} />}
    >
      <Filters filters={filters} change={change} />
      <DataList
        label={text('list')} list={list} idOf={(row) => row.id} to={(row) => `/sessions/${row.id}`} isFiltered={Object.keys(filters).length > 0}
        empty={{ title: text('emptyTitle'), text: text('emptyText') }}
        columns={[
          { name: 'asked', title: text('asked'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
          { name: 'customer', title: text('customer'), show: (row) => <PersonName name={row.customer.displayName} id={row.customer.id} /> },
          { name: 'mitra', title: text('mitra'), show: (row) => (row.mitra ? <PersonName name={row.mitra.displayName} id={row.mitra.id} /> : text('nobody')) },
          { name: 'minutes', title: text('minutes'), align: 'right', show: (row) => row.package.minutes + (row.extendedMinutes ?? 0) },
          { name: 'price', title: text('price'), align: 'right', show: (row) => <Money idr={row.package.priceIdr} /> },
          { name: 'endReason', title: text('endReason'), show: (row) => (row.endReason ? reason(row.endReason) : '–') },
        ]}
      />
    </PageFrame>
  )
}

function Filters({ filters, change }: { filters: Partial<Record<Name, string>>; change: (next: Partial<Record<Name, string | undefined>>) => void }) {
  const [text, common, code, language, may] = [useSessionText(), useCommon(), useCode(), useLanguage(), useMay()]
  const reason = useSessionCode(code)
  const listed = (name: Name) => filters[name]?.split(',') ?? []
  const marks = (['extension', 'refund', 'case'] as const).filter((mark) => mark !== 'case' || may('safety.act'))
  return (
    <Card withBorder component="section" aria-label={text('filters')}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Typed label={text('q')} description={text('qHint')} value={filters.q ?? ''} set={(q) => change({ q })} />
        <MultiSelect label={text('state')} clearable clearButtonProps={{ 'aria-label': common('clear') }} value={listed('state')} onChange={(state) => change({ state: state.join(',') })} data={STATES.map((value) => ({ value, label: code(value) }))} />
        <DatePickerInput
          type="range" label={text('days')} allowSingleDateInRange clearable clearButtonProps={{ 'aria-label': text('clearDays') }} valueFormat="D MMM YYYY"
          value={[filters.from ?? null, filters.until ?? null]} aria-label={text('days')}
          onChange={([from, until]) => change({ from: from ?? undefined, until: until ?? undefined })} {...(language === 'id' ? { firstDayOfWeek: 1 as const } : {})}
        />
        <MultiSelect label={text('has')} clearable clearButtonProps={{ 'aria-label': common('clear') }} value={listed('has')} onChange={(has) => change({ has: has.join(',') })} data={marks.map((value) => ({ value, label: text(`has_${value}`) }))} />
        <Select
          label={text('endReason')} clearable searchable clearButtonProps={{ 'aria-label': common('clear') }} value={filters.endReason ?? null} onChange={(endReason) => change({ endReason: endReason ?? undefined })}
          data={[...new Set([...END_REASONS, ...(filters.endReason === undefined ? [] : [filters.endReason])])].map((value) => ({ value, label: reason(value) }))}
        />
        <Typed label={text('topic')} value={filters.topic ?? ''} set={(topic) => change({ topic })} />
        <NumberInput label={text('minutes')} min={1} max={1440} allowDecimal={false} value={filters.minutes === undefined ? '' : Number(filters.minutes)} onChange={(minutes) => change({ minutes: minutes === '' ? undefined : String(minutes) })} />
      </SimpleGrid>
      <Group gap="xs" mt="sm">
        {filters.customerId && <Pill withRemoveButton removeButtonProps={{ 'aria-label': text('takeOut'), 'tabIndex': 0, 'aria-hidden': false }} onRemove={() => change({ customerId: undefined })}>{text('ofCustomer', { id: filters.customerId.slice(-8) })}</Pill>}
        {filters.mitraId && <Pill withRemoveButton removeButtonProps={{ 'aria-label': text('takeOut'), 'tabIndex': 0, 'aria-hidden': false }} onRemove={() => change({ mitraId: undefined })}>{text('ofMitra', { id: filters.mitraId.slice(-8) })}</Pill>}
        {Object.keys(filters).length > 0 && <Button size="compact-sm" variant="subtle" onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}>{common('clear')}</Button>}
      </Group>
    </Card>
  )
}

/** Goes into the address a moment after the last letter. */
function Typed({ value, set, ...props }: { label: string; description?: string; value: string; set: (value: string) => void }) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  const later = useDebouncedCallback(set, 400)
  // Changed elsewhere: a view was chosen, the filters were cleared, somebody went back.
  if (known !== value) {
    setKnown(value)
    setTyped(value)
  }
  return <TextInput {...props} inputWrapperOrder={['label', 'input', 'description', 'error']} maxLength={64} value={typed} onChange={(event) => { setTyped(event.currentTarget.value); later(event.currentTarget.value.trim()) }} />
}
