import { Card, Code } from '@mantine/core'
import type { z } from 'zod'
import type { closingReply } from '../../../../backend/modules/staff/ledger-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { DownloadButton } from '../../parts/download.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useFormat } from '../../format.ts'
import { useTitles } from '../../shell/titles.ts'
import { Chain } from './closings.tsx'
import { Verdict } from './ledger.tsx'
import { AccountLink, listOf, Section } from './parts.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** One closed day: its accounts from the opening to the closing, its flows, its hash. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const format = useFormat()
  const day = useId('day')
  const { data, error, refetch } = useGet<z.output<typeof closingReply>>('closings', `/closings/${day}`)
  if (!data) return <PageFrame title={titles('closings')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { closing, verdict } = data
  const isZero = closing.totalIdr === 0 && closing.debitsIdr === closing.creditsIdr
  return (
    <PageFrame title={`${titles('closings')} · ${format.day(day)}`} acts={<DownloadButton path="/reports/daily-closing" query={{ from: day, until: day, format: 'csv' }} />}>
      <Verdict isGood={isZero}>{text(isZero ? 'isZero' : 'notZero')}</Verdict>
      <Chain verdict={verdict} />
      <Card withBorder>
        <Facts
          items={[
            [text('transactions'), format.number(closing.transactions)], [text('entries'), format.number(closing.entries)], [text('closedAt'), <Time key="at" at={closing.closedAt} />],
            [money('debit'), <Money key="debits" idr={closing.debitsIdr} />], [money('credit'), <Money key="credits" idr={closing.creditsIdr} />], [text('total'), <Money key="total" idr={closing.totalIdr} />],
            [text('hash'), <Code key="hash" className="wrap">{closing.hash}</Code>], [text('previousHash'), <Code key="previous" className="wrap">{closing.previousHash}</Code>],
          ]}
        />
      </Card>
      <Section title={text('accounts')}>
        <DataList
          label={text('accounts')} list={listOf(closing.accounts)} idOf={(row) => row.account} empty={{ title: text('accountsEmpty'), text: text('accountsEmptyText') }}
          columns={[
            { name: 'account', title: text('accountKind'), show: (row) => <AccountLink account={row.account} /> }, { name: 'opening', title: text('opening'), align: 'right', show: (row) => <Money idr={row.openingIdr} /> },
            { name: 'debits', title: money('debit'), align: 'right', show: (row) => <Money idr={row.debitsIdr} /> }, { name: 'credits', title: money('credit'), align: 'right', show: (row) => <Money idr={row.creditsIdr} /> },
            { name: 'closing', title: text('closing'), align: 'right', show: (row) => <Money idr={row.closingIdr} /> },
          ]}
        />
      </Section>
      <Section title={text('flows')}>
        <DataList
          label={text('flows')} list={listOf(closing.flows)} idOf={(row) => row.flow} empty={{ title: text('entriesEmpty'), text: text('entriesEmptyText') }}
          columns={[{ name: 'flow', title: text('flow'), show: (row) => <Code>{row.flow}</Code> }, { name: 'count', title: text('transactions'), align: 'right', show: (row) => format.number(row.transactions) }, { name: 'amount', title: money('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> }]}
        />
      </Section>
    </PageFrame>
  )
}
