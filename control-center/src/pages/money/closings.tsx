import { Code } from '@mantine/core'
import type { z } from 'zod'
import type { closingList, ClosingView } from '../../../../backend/modules/staff/ledger-contract.ts'
import { useGet, useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useFormat } from '../../format.ts'
import { useTitles } from '../../shell/titles.ts'
import { Verdict } from './ledger.tsx'
import { Section } from './parts.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

type Verdicts = z.output<typeof closingList>['verdict']

/** Every day that is closed, and whether the chain of their hashes holds. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const format = useFormat()
  const list = useList<ClosingView>('closings', '/closings')
  const { data, error } = useGet<z.output<typeof closingList>>('closings', '/closings', { query: { limit: 1 } })
  return (
    <PageFrame
      title={titles('closings')} about={text('closingsAbout')}
      acts={<ActButton may="ledger.read" label={text('checkNow')} about={text('checkAbout')} reason="none" request={() => ({ method: 'POST', path: '/ledger/check' })} changes={['ledger', 'closings']} draft="ledger.check" done={text('checkDone')} />}
    >
      <ProblemAlert error={error} />
      {data && <Chain verdict={data.verdict} />}
      <Section title={text('closingsLabel')}>
        <DataList
          label={text('closingsLabel')} list={list} idOf={(row) => row.day} to={(row) => `/closings/${row.day}`} empty={{ title: text('closingsEmpty'), text: text('closingsEmptyText') }}
          columns={[
            { name: 'day', title: text('day'), show: (row) => format.day(row.day) }, { name: 'transactions', title: text('transactions'), align: 'right', show: (row) => format.number(row.transactions) },
            { name: 'debits', title: money('debit'), align: 'right', show: (row) => <Money idr={row.debitsIdr} /> }, { name: 'credits', title: money('credit'), align: 'right', show: (row) => <Money idr={row.creditsIdr} /> },
            { name: 'total', title: text('total'), align: 'right', show: (row) => <Money idr={row.totalIdr} /> }, { name: 'hash', title: text('hash'), show: (row) => <Code>{row.hash.slice(0, 12)}…</Code> },
          ]}
        />
      </Section>
    </PageFrame>
  )
}

/** What the last look at all closed days has found. */
export function Chain({ verdict: { closingsCheckedAt: at, closingsProblem: problem } }: { verdict: Verdicts }) {
  const text = useBooksText()
  if (at === null) return <Verdict isGood={false}>{text('chainUnknown')}</Verdict>
  return (
    <div>
      <Verdict isGood={problem === null}>{problem === null ? text('chainGood') : `${text('chainBad')}: ${problem}`}</Verdict>
      {text('chainAt')} <Time at={at} ago />
    </div>
  )
}
