import { Card } from '@mantine/core'
import type { z } from 'zod'
import type { mitraEarningsReply, PayoutForStaff } from '../../../../backend/modules/staff/payout-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useCode } from './codes.ts'
import { AccountLink, IdLink, Section, useOffered, WaitsForSecond } from './parts.tsx'
import { SaidFields, type Said } from './settle.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { usePayoutText } from './texts-payouts.ts'

/** One payout, and what its mitra is owed. */
export function Page() {
  const text = usePayoutText()
  const money = useMoneyText()
  const code = useCode()
  const id = useId()
  const { data, error, refetch } = useGet<{ payout: PayoutForStaff }>('payouts', `/payouts/${id}`)
  const settle = useOffered(data && (data.payout.outcomes.length > 0 ? ['settle'] : []))('settle')
  if (!data) return <PageFrame title={text('payout')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { payout } = data
  return (
    <PageFrame
      title={`${text('payout')} …${id.slice(-8)}`}
      acts={settle.isShown && (
        <ActButton<Said>
          may="payouts.decide" label={money('settle')} about={text('settleAbout')} disabled={settle.disabled}
          fields={{ initial: { outcome: payout.outcomes[0] ?? 'failed', reference: '' }, show: (values, set, problemOf) => <SaidFields values={values} set={set} problemOf={problemOf} outcomes={payout.outcomes.length > 0 ? payout.outcomes : [values.outcome]} /> }}
          request={(values) => ({ method: 'POST', path: `/payouts/${id}/settle`, body: values })} changes={['payouts', 'approvals', 'ledger']} draft={`payout.settle.${id}`} done={money('settleDone')}
        />
      )}
    >
      <ProblemAlert error={error} />
      <WaitsForSecond approvalId={payout.approvalId} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={payout.state} />], [money('amount'), <Money key="amount" idr={payout.amountIdr} />], [money('needsStaff'), payout.needsStaff === null ? money('nothing') : code(payout.needsStaff)],
            [text('mitra'), <RowLink key="mitra" href={`/mitras/${payout.mitraId}`}><PersonName name={payout.mitraName} id={payout.mitraId} /></RowLink>], [text('batch'), <IdLink key="batch" to="/payouts/batches" id={payout.batchId} />],
            [money('requestedBy'), code(payout.requestedBy)], [text('bank'), payout.bankAccount.bankCode], [text('accountNumber'), payout.bankAccount.accountNumberMasked], [text('holder'), payout.accountHolderMasked],
            [text('providerPayout'), payout.providerPayoutId ?? money('nothing')], [text('providerStatus'), payout.providerStatus === null ? money('nothing') : code(payout.providerStatus)], [text('tries'), payout.sendTries],
            [money('reference'), payout.settledReference ?? money('nothing')], [money('failure'), payout.failureCode === undefined ? money('nothing') : code(payout.failureCode)],
            [money('asked'), <Time key="asked" at={payout.createdAt} />], [money('approvedAt'), <Time key="approved" at={payout.approvedAt} />], [money('sent'), <Time key="sent" at={payout.sentAt} />],
            [money('settled'), <Time key="settled" at={payout.settledAt} />], [text('reversed'), <Time key="reversed" at={payout.reversedAt} />],
          ]}
        />
      </Card>
      <Earnings mitraId={payout.mitraId} />
    </PageFrame>
  )
}

function Earnings({ mitraId }: { mitraId: string }) {
  const text = usePayoutText()
  const { data, error } = useGet<z.output<typeof mitraEarningsReply>>('payouts', `/mitras/${mitraId}/earnings`)
  return (
    <Section title={text('earnings')}>
      <ProblemAlert error={error} />
      {data && (
        <Facts
          items={[
            [text('payable'), <Money key="payable" idr={data.earnings.payableIdr} />], [text('held'), <Money key="held" idr={data.earnings.heldIdr} />], [text('available'), <Money key="available" idr={data.earnings.availableIdr} />],
            [text('least'), <Money key="least" idr={data.earnings.minPayoutIdr} />], [text('entries'), <AccountLink key="entries" account={data.earnings.account} />],
          ]}
        />
      )}
    </Section>
  )
}
