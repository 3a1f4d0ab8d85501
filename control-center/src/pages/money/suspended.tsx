import { Card } from '@mantine/core'
import type { SuspendedView } from '../../../../backend/modules/staff/books-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { AccountLink, IdLink, WaitsForSecond } from './parts.tsx'
import { PlaceButton } from './place.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** One suspended sum, and where it goes. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const id = useId()
  const { data, error, refetch } = useGet<{ suspended: SuspendedView }>('suspense', `/suspense/${id}`)
  if (!data) return <PageFrame title={titles('suspense')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { suspended } = data
  return (
    <PageFrame title={`${titles('suspense')} …${id.slice(-8)}`} acts={<PlaceButton places={suspended.places} path={`/suspense/${id}/resolve`} draft={`suspense.${id}`} />}>
      <ProblemAlert error={error} />
      <WaitsForSecond approvalId={suspended.approvalId} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={suspended.state} />], [money('amount'), <Money key="amount" idr={suspended.amountIdr} />], [money('reason'), code(suspended.reason)], [money('customer'), suspended.customerName ?? money('nothing')],
            [money('payment'), <IdLink key="payment" to="/payments" id={suspended.paymentId} />], [text('ledgerAccount'), <AccountLink key="account" account={`suspense:${id}`} />], [money('created'), <Time key="created" at={suspended.createdAt} />],
            [text('placed'), suspended.resolvedTo === null ? money('nothing') : code(suspended.resolvedTo)], [text('settledAt'), <Time key="settled" at={suspended.resolvedAt} />],
          ]}
        />
      </Card>
    </PageFrame>
  )
}
