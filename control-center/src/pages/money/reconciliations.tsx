import { NumberInput } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import type { z } from 'zod'
import type { reconciliationView } from '../../../../backend/modules/staff/reconciliation-contract.ts'
import { useFilters, useGo } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Filters } from './filters.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

export type Run = z.output<typeof reconciliationView>

/** How a comparison stands: under way, whole, or cut short. */
export function stateOf(run: Run): { state: string; color: string } {
  if (run.error !== null || run.unfinished.length > 0) return { state: 'failed', color: 'red' }
  if (run.finishedAt === null) return { state: 'active', color: 'blue' }
  return run.parked > 0 ? { state: 'parked', color: 'orange' } : { state: 'succeeded', color: 'green' }
}

/** Our payments beside the provider's list. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const go = useGo()
  const [filters, change] = useFilters(['scope'])
  const list = useList<Run>('reconciliations', '/reconciliations', filters, { everyMs: 30_000 })
  return (
    <PageFrame
      title={titles('reconciliation')} about={text('reconAbout')}
      acts={(
        <ActButton<{ hours: number | string }>
          may="parked.replay" label={text('runAgain')} about={text('runAbout')} icon={<IconRefresh size={16} aria-hidden />} variant="filled" reason="optional"
          fields={{ initial: { hours: 48 }, show: ({ hours }, set, problemOf) => <NumberInput label={text('hours')} min={1} max={720} clampBehavior="none" allowDecimal={false} required value={hours} error={problemOf('hours')} onChange={(value) => set({ hours: value })} /> }}
          request={({ hours, reason }) => ({ method: 'POST', path: '/reconciliations', body: { hours: Number(hours), ...(reason === '' ? {} : { reason }) } })} changes={['reconciliations', 'inbox']} draft="reconcile" done={text('runDone')}
          onDone={(body) => go(`/reconciliation/${(body as { reconciliation: Run }).reconciliation.id}`)}
        />
      )}
    >
      <Filters values={filters} change={change} fields={[{ name: 'scope', label: text('scope'), options: ['recent', 'nightly', 'asked'] }]} />
      <DataList
        label={text('reconLabel')} list={list} idOf={(row) => row.id} to={(row) => `/reconciliation/${row.id}`} isFiltered={filters.scope !== undefined} empty={{ title: text('reconEmpty'), text: text('reconEmptyText') }}
        columns={[
          { name: 'at', title: text('started'), show: (row) => <Time at={row.startedAt} /> }, { name: 'scope', title: text('scope'), show: (row) => code(row.scope) }, { name: 'state', title: money('state'), show: (row) => <MoneyState {...stateOf(row)} /> },
          { name: 'listed', title: text('listed'), align: 'right', show: (row) => row.listed }, { name: 'agreed', title: text('agreed'), align: 'right', show: (row) => row.agreed },
          { name: 'healed', title: text('healed'), align: 'right', show: (row) => row.healed }, { name: 'parked', title: text('parked'), align: 'right', show: (row) => row.parked },
        ]}
      />
    </PageFrame>
  )
}
