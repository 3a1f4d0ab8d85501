import { Card, Code } from '@mantine/core'
import type { z } from 'zod'
import type { transactionReply } from '../../../../backend/modules/staff/ledger-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Verdict } from './ledger.tsx'
import { IdLink, Section, Sides } from './parts.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** One transaction: both its sides. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const id = useId()
  const { data, error, refetch } = useGet<z.output<typeof transactionReply>>('ledger', `/ledger/transactions/${id}`)
  if (!data) return <PageFrame title={titles('transaction')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { transaction } = data
  const isBalanced = transaction.entries.reduce((sum, entry) => sum + entry.amountIdr, 0) === 0
  return (
    <PageFrame title={`${titles('transaction')} …${id.slice(-8)}`} about={<Code>{transaction.flow}</Code>}>
      <Card withBorder>
        <Facts items={[[text('at'), <Time key="at" at={transaction.at} />], [text('flow'), <Code key="flow">{transaction.flow}</Code>], [text('key'), <Code key="key" className="wrap">{transaction.key}</Code>], [money('session'), <IdLink key="session" to="/sessions" id={transaction.sessionId} />], [money('payment'), <IdLink key="payment" to="/payments" id={transaction.paymentId} />]]} />
      </Card>
      <Section title={text('entries')}>
        <Verdict isGood={isBalanced}>{text(isBalanced ? 'balanced' : 'proofBad')}</Verdict>
        <Sides entries={transaction.entries} label={text('entries')} />
      </Section>
    </PageFrame>
  )
}
