import { Card, Code, Text } from '@mantine/core'
import type { z } from 'zod'
import type { entryList } from '../../../../backend/modules/staff/ledger-contract.ts'
import { useId } from '../../address.ts'
import { useGet, useList } from '../../api/queries.ts'
import { DownloadButton } from '../../parts/download.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { IdLink, Section } from './parts.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

type Entries = z.output<typeof entryList>

/** One account: what moved in it, with what stood there after each. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const account = useId()
  const { data, error } = useGet<Entries>('ledger', '/ledger/entries', { query: { account, limit: 1 } })
  const list = useList<Entries['items'][number]>('ledger', '/ledger/entries', { account })
  return (
    <PageFrame title={titles('account2')} about={<Code className="wrap">{account}</Code>} acts={<DownloadButton path="/ledger/entries" query={{ account, format: 'csv' }} />}>
      <ProblemAlert error={error} />
      {data && <Card withBorder><Facts items={[[text('balance'), <Money key="balance" idr={data.balanceIdr} />]]} /></Card>}
      <Section title={text('entries')}>
        <Text size="sm" c="dimmed">{text('running')}</Text>
        <DataList
          label={text('entries')} list={list} idOf={(row) => String(row.id)} to={(row) => `/ledger/transactions/${row.transactionId}`} empty={{ title: text('entriesEmpty'), text: text('entriesEmptyText') }}
          columns={[
            { name: 'at', title: text('at'), show: (row) => <Time at={row.at} /> }, { name: 'flow', title: text('flow'), show: (row) => <Code>{row.flow}</Code> },
            { name: 'debit', title: money('debit'), align: 'right', show: (row) => (row.amountIdr < 0 ? <Money idr={-row.amountIdr} /> : '') }, { name: 'credit', title: money('credit'), align: 'right', show: (row) => (row.amountIdr > 0 ? <Money idr={row.amountIdr} /> : '') },
            { name: 'after', title: text('after'), align: 'right', show: (row) => <Money idr={row.balanceIdr} /> }, { name: 'session', title: money('session'), show: (row) => <IdLink to="/sessions" id={row.sessionId} /> },
            { name: 'payment', title: money('payment'), show: (row) => <IdLink to="/payments" id={row.paymentId} /> },
          ]}
        />
      </Section>
    </PageFrame>
  )
}
