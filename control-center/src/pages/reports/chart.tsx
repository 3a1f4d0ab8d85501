import { BarChart, LineChart } from '@mantine/charts'
import '@mantine/charts/styles.css'
import type { ReportReply } from '../../../../backend/modules/staff/books-contract.ts'
import { useFormat } from '../../format.ts'
import type { Drawing } from './catalogue.ts'

const COLORS = ['indigo.6', 'teal.6', 'orange.6', 'grape.6', 'red.6'] as const
type Props = { drawing: Drawing; header: readonly string[]; rows: ReportReply['rows']; nameOf: (column: string) => string }

/** A report's columns as lines or bars. What they say stands in the table as well. */
export function ReportChart({ drawing, header, rows, nameOf }: Props) {
  const format = useFormat()
  const at = (column: string) => header.indexOf(column)
  const only = Object.entries(drawing.only ?? {})
  const data = rows.filter((row) => only.every(([column, value]) => row[at(column)] === value))
    .map((row) => Object.fromEntries([drawing.x, ...drawing.lines].map((column) => [column, row[at(column)] ?? null])))
  const isMoney = drawing.lines.every((column) => column.endsWith('_idr'))
  const common = {
    h: 280, data, dataKey: drawing.x, withLegend: true, gridAxis: 'y' as const,
    series: drawing.lines.map((column, index) => ({ name: column, label: nameOf(column), color: COLORS[index % COLORS.length]! })),
    valueFormatter: (value: number) => (isMoney ? format.idr(value) : format.number(value, 1)),
    yAxisProps: { width: isMoney ? 96 : 48 },
    xAxisProps: { tickFormatter: (value: string | number) => (typeof value === 'number' ? `${String(value).padStart(2, '0')}:00` : format.day(value)), minTickGap: 24 },
  }
  return drawing.kind === 'line'
    ? <LineChart {...common} withDots={data.length < 60} connectNulls={false} curveType="linear" />
    : <BarChart {...common} {...(drawing.isStacked ? { type: 'stacked' as const } : {})} />
}
