import { Card, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import '@mantine/dates/styles.css'
import { lazy, Suspense, useState } from 'react'
import type { ReportReply } from '../../../../backend/modules/staff/books-contract.ts'
import { useFilters, useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet, type ListQuery } from '../../api/queries.ts'
import { serverNow } from '../../api/server-time.ts'
import { dayInJakarta, useFormat } from '../../format.ts'
import { DownloadButton } from '../../parts/download.tsx'
import { Empty } from '../../parts/empty.tsx'
import { DataList, RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { REPORTS, type Report } from './catalogue.ts'
import { useColumnText, useReportText } from './texts.ts'

const Chart = lazy(() => import('./chart.tsx').then((file) => ({ default: file.ReportChart })))
/** Rows that are shown at once: a window with thousands of them is slow. */
const ROWS_SHOWN = 200
const DAYS_FIRST = 30

/** One report: over which days, drawn, in rows, and as a file. */
export function Page() {
  const name = useId('name')
  const [titles, text, may] = [useTitles(), useReportText(), useMay()]
  const report = (REPORTS as readonly Report[]).find((one) => one.name === name && may(one.act))
  if (report) return <Shown key={name} report={report} />
  return <PageFrame title={titles('report')}><Empty title={text('unknownTitle')} act={<RowLink href="/reports">{text('toList')}</RowLink>}>{text('unknownText')}</Empty></PageFrame>
}

type Line = { key: number; row: ReportReply['rows'][number] }

function Shown({ report }: { report: Report }) {
  const text = useReportText()
  const columnOf = useColumn()
  const [filters, change] = useFilters(['from', 'until', 'group'])
  const today = dayInJakarta(serverNow())
  const until = filters.until ?? today
  const from = filters.from ?? dayInJakarta(Date.parse(`${until}T00:00:00+07:00`), 1 - DAYS_FIRST)
  const query = { from, until, ...(report.group ? { group: filters.group ?? 'day' } : {}) }
  const read = useGet<ReportReply>('reports', `/reports/${report.name}`, { query })
  const [shown, setShown] = useState(ROWS_SHOWN)
  const reply = read.data?.name === report.name ? read.data : undefined
  const rows = reply?.rows ?? []
  const list: ListQuery<Line> = {
    items: rows.slice(0, shown).map((row, key) => ({ key, row })), error: read.error, isLoading: read.isLoading, isFetching: read.isFetching,
    hasMore: rows.length > shown, isFetchingMore: false, more: () => setShown((was) => was + ROWS_SHOWN), again: () => void read.refetch(),
  }
  return (
    <PageFrame title={text(report.name)} about={text(`about_${report.name}`)} acts={<DownloadButton path={`/reports/${report.name}`} query={{ ...query, format: 'csv' }} />}>
      <Group align="flex-end" gap="md">
        <Range from={from} until={until} today={today} daysMost={report.daysMost} change={change} isSet={filters.from !== undefined || filters.until !== undefined} />
        {report.group && (
          <Stack gap={2}>
            <Text size="sm" fw={500} id="group-label">{text('group')}</Text>
            <SegmentedControl aria-labelledby="group-label" value={query.group ?? 'day'} onChange={(group) => change({ group })} data={(['day', 'week', 'month'] as const).map((value) => ({ value, label: text(`group_${value}`) }))} />
          </Stack>
        )}
      </Group>
      {report.drawing && reply && rows.length > 1 && (
        <Card withBorder component="figure" m={0} aria-label={text('chart')}>
          <Suspense fallback={<Skeleton height={280} />}><Chart drawing={report.drawing} header={reply.header} rows={rows} nameOf={columnOf.title} /></Suspense>
          <Text component="figcaption" size="xs" c="dimmed" mt="xs">{text('chartHint')}</Text>
        </Card>
      )}
      {reply?.isComplete === false && <Text size="sm">{text('cut')}</Text>}
      <DataList<Line>
        label={text('table')} list={list} idOf={({ key }) => String(key)} empty={{ title: text('emptyTitle'), text: text('emptyText') }}
        columns={(reply?.header ?? []).map((column, index) => ({
          name: column, title: columnOf.title(column), show: ({ row }) => columnOf.show(column, row[index] ?? null), ...(rows.some((row) => typeof row[index] === 'number') ? { align: 'right' as const } : {}),
        }))}
      />
    </PageFrame>
  )
}

type RangeProps = { from: string; until: string; today: string; daysMost: number; isSet: boolean; change: (next: { from?: string | undefined; until?: string | undefined }) => void }

// Half of a range is nothing to ask for: it is asked for when both ends are chosen.
function Range({ from, until, today, daysMost, isSet, change }: RangeProps) {
  const text = useReportText()
  const [half, setHalf] = useState<string>()
  const tooLong = (day: string) => half !== undefined && Math.abs(Date.parse(day) - Date.parse(half)) / 86_400_000 >= daysMost
  return (
    <DatePickerInput
      type="range" label={text('range')} description={text('chooseDays')} allowSingleDateInRange maxDate={today} valueFormat="D MMM YYYY" miw={260}
      excludeDate={tooLong} value={half === undefined ? [from, until] : [half, null]} clearable={isSet && half === undefined} clearButtonProps={{ 'aria-label': text('clearRange') }}
      onChange={([first, last]) => {
        if (first !== null && last === null) return setHalf(first)
        setHalf(undefined)
        change({ from: first ?? undefined, until: last ?? undefined })
      }}
    />
  )
}

/** A report's columns: their names in words, and how what stands in them is shown. */
function useColumn() {
  const [text, code, format] = [useColumnText(), useCode(), useFormat()]
  const title = (column: string) => {
    const found = text(column as 'period') // of the exports for finance some have no words: they are shown as they are
    return found === column ? code(column) : found
  }
  return {
    title,
    show(column: string, value: string | number | null) {
      if (value === null) return '–'
      if (typeof value === 'number') {
        if (column.endsWith('_idr')) return <Money idr={value} />
        return column === 'hour' ? `${String(value).padStart(2, '0')}:00` : format.number(value, 2)
      }
      if (/^\d{4}-\d\d-\d\d$/.test(value)) return format.day(value)
      if (/^\d{4}-\d\d-\d\dT/.test(value)) return <Time at={value} />
      return ['state', 'reason', 'kind', 'channel'].includes(column) ? code(value) : <span className="wrap">{value}</span>
    },
  }
}
