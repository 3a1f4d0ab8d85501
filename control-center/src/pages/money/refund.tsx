import { Card, Group } from '@mantine/core'
import type { z } from 'zod'
import type { staffRefundDetails } from '../../../../backend/modules/staff/refund-contract.ts'
import { useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet, type About } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { AccountLink, IdLink, Postings, Section, ShortId, useOffered, WaitsForSecond } from './parts.tsx'
import { WishFields, type Wish } from './payment.tsx'
import { SaidFields, type Said } from './settle.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'

type Reply = z.output<typeof staffRefundDetails>
const CHANGES: readonly About[] = ['refunds', 'payments', 'approvals', 'ledger']

/** One refund, and what may be decided about it. */
export function Page() {
  const titles = useTitles()
  const text = useMoneyText()
  const code = useCode()
  const may = useMay()
  const id = useId()
  const { data, error, refetch } = useGet<Reply>('refunds', `/refunds/${id}`)
  if (!data) return <PageFrame title={titles('refund')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { refund } = data
  return (
    <PageFrame title={`${titles('refund')} …${id.slice(-8)}`} about={refund.reason} acts={<Acts reply={data} />}>
      <ProblemAlert error={error} />
      <WaitsForSecond approvalId={refund.approvalId} />
      <Card withBorder>
        <Facts
          items={[
            [text('state'), <MoneyState key="state" state={refund.state} />], [text('amount'), <Money key="amount" idr={refund.amountIdr} />], [text('refundable'), data.refundableIdr === null ? undefined : <Money key="refundable" idr={data.refundableIdr} />],
            [text('method'), text(refund.method === 'manual' ? 'methodManual' : 'methodProvider')], [text('needsStaff'), refund.needsStaff === null ? text('nothing') : code(refund.needsStaff)],
            [text('customer'), <PersonName key="customer" name={refund.customerName} id={refund.customerId} />], [text('payment'), may('ledger.read') ? <IdLink key="payment" to="/payments" id={refund.paymentId} /> : <ShortId key="payment" id={refund.paymentId} />],
            [text('session'), <IdLink key="session" to="/sessions" id={refund.sessionId} />], [text('requestedBy'), refund.requestedByName ?? code(refund.requestedByKind)], [text('decidedBy'), refund.decidedByName ?? text('nothing')],
            [text('reason'), refund.reason], [text('decisionReason'), refund.decisionReason ?? text('nothing')], [text('clawback'), code(refund.clawback ? 'yes' : 'no')],
            [text('sources'), refund.sources.length === 0 ? text('nothing') : <Group key="sources" gap="xs">{refund.sources.map((source) => <span key={source.account}><AccountLink account={source.account} /> <Money idr={source.amountIdr} /></span>)}</Group>],
            [text('providerRefund'), refund.providerRefundId ?? text('nothing')], [text('reference'), refund.settledReference ?? text('nothing')], [text('failure'), refund.failureCode === null ? text('nothing') : code(refund.failureCode)],
            [text('asked'), <Time key="asked" at={refund.createdAt} />], [text('approvedAt'), <Time key="approved" at={refund.approvedAt} />], [text('sent'), <Time key="sent" at={refund.sentAt} />], [text('settled'), <Time key="settled" at={refund.settledAt} />],
          ]}
        />
      </Card>
      {data.transactions.length > 0 && <Section title={text('postings')}><Postings transactions={data.transactions} /></Section>}
    </PageFrame>
  )
}

function Acts({ reply: { refund, refundableIdr } }: { reply: Reply }) {
  const text = useMoneyText()
  const offered = useOffered(refund.acts)
  const [approve, reject, retry, settle] = [offered('approve'), offered('reject'), offered('retry'), offered('settle')]
  const path = `/refunds/${refund.id}`
  return (
    <>
      {approve.isShown && (
        <ActButton<Wish>
          may="refunds.decide" label={text('approve')} about={text('approveAbout')} color="green" variant="filled" disabled={approve.disabled} reason="optional"
          fields={{ initial: { amountIdr: refund.amountIdr ?? '', clawback: refund.clawback, method: refund.method }, show: (values, set, problemOf) => <WishFields values={values} set={set} problemOf={problemOf} mostIdr={refundableIdr} /> }}
          request={({ amountIdr, reason, ...rest }) => ({ method: 'POST', path: `${path}/approve`, body: { ...rest, ...(amountIdr === '' ? {} : { amountIdr: Number(amountIdr) }), ...(reason === '' ? {} : { reason }) } })}
          changes={CHANGES} draft={`refund.approve.${refund.id}`} done={text('approveDone')}
        />
      )}
      {reject.isShown && <ActButton may="refunds.decide" label={text('reject')} about={text('rejectAbout')} color="red" disabled={reject.disabled} request={({ reason }) => ({ method: 'POST', path: `${path}/reject`, body: { reason } })} changes={CHANGES} draft={`refund.reject.${refund.id}`} done={text('rejectDone')} />}
      {retry.isShown && <ActButton may="refunds.decide" label={text('retry')} about={text('retryAbout')} disabled={retry.disabled} request={({ reason }) => ({ method: 'POST', path: `${path}/retry`, body: { reason } })} changes={CHANGES} draft={`refund.retry.${refund.id}`} done={text('retryDone')} />}
      {settle.isShown && (
        <ActButton<Said>
          may="refunds.decide" label={text('settle')} about={text('settleAbout')} disabled={settle.disabled}
          fields={{ initial: { outcome: 'succeeded', reference: '' }, show: (values, set, problemOf) => <SaidFields values={values} set={set} problemOf={problemOf} outcomes={['succeeded', 'failed']} /> }}
          request={(values) => ({ method: 'POST', path: `${path}/settle`, body: values })} changes={CHANGES} draft={`refund.settle.${refund.id}`} done={text('settleDone')}
        />
      )}
    </>
  )
}
