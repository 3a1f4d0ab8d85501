import { Card, Stack, Text } from '@mantine/core'
import type { z } from 'zod'
import type { reconciliationDetails } from '../../../../backend/modules/staff/reconciliation-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { IdLink, listOf, Section, ShortId } from './parts.tsx'
import { stateOf } from './reconciliations.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

type Reply = z.output<typeof reconciliationDetails>
const PATHS: Readonly<Record<string, string>> = { payment: '/payments', refund: '/refunds', payout: '/payouts' }

/** One comparison and what differed. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const id = useId()
  const { data, error, refetch } = useGet<Reply>('reconciliations', `/reconciliations/${id}`, { everyMs: 10_000 })
  if (!data) return <PageFrame title={titles('reconciliationRun')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { reconciliation: run } = data
  const state = stateOf(run)
  return (
    <PageFrame title={`${titles('reconciliationRun')} …${id.slice(-8)}`}>
      <ProblemAlert error={error} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" {...state} />], [text('scope'), code(run.scope)], [text('askedBy'), run.askedByName ?? code('system')],
            [text('period'), <span key="period"><Time at={run.from} /> – <Time at={run.until} /></span>], [text('started'), <Time key="started" at={run.startedAt} />], [text('finished'), <Time key="finished" at={run.finishedAt} />],
            [text('listed'), run.listed], [text('compared'), run.compared], [text('agreed'), run.agreed], [text('healed'), run.healed], [text('parked'), run.parked],
            [text('unfinished'), run.unfinished.length === 0 ? money('nothing') : run.unfinished.map(code).join(', ')], [text('error'), run.error === null ? money('nothing') : code(run.error)],
          ]}
        />
      </Card>
      <Section title={text('differences')}>
        <Stack gap="sm">
          {!data.isComplete && <Text size="sm">{text('differencesMore')}</Text>}
          <DataList
            label={text('differences')} list={listOf(data.differences)} idOf={(row) => row.id} empty={{ title: text('differencesNone'), text: text('differencesNoneText') }}
            columns={[
              { name: 'what', title: text('why'), show: (row) => code(row.what) }, { name: 'kind', title: money('kind'), show: (row) => code(row.kind) }, { name: 'outcome', title: text('outcome'), show: (row) => <MoneyState state={row.outcome} color={row.outcome === 'parked' ? 'orange' : 'green'} /> },
              { name: 'provider', title: text('providerId'), show: (row) => <span className="wrap">{row.providerId}</span> },
              { name: 'subject', title: text('subject'), show: (row) => (row.subjectId === null ? money('nothing') : PATHS[row.kind] === undefined ? <ShortId id={row.subjectId} /> : <IdLink to={PATHS[row.kind] ?? ''} id={row.subjectId} />) },
              { name: 'event', title: text('event'), show: (row) => <IdLink to="/parked" id={row.inboxEventId} /> },
            ]}
          />
        </Stack>
      </Section>
    </PageFrame>
  )
}
