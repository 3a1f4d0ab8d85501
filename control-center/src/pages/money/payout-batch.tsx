import { Card } from '@mantine/core'
import type { BatchView, PayoutForStaff } from '../../../../backend/modules/staff/payout-contract.ts'
import { useId } from '../../address.ts'
import { useGet, useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { Section, useOffered, WaitsForSecond } from './parts.tsx'
import { PayoutRows } from './payouts.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { usePayoutText } from './texts-payouts.ts'

/** One batch: what is in it, and whether it is handed in. */
export function Page() {
  const titles = useTitles()
  const text = usePayoutText()
  const money = useMoneyText()
  const code = useCode()
  const id = useId()
  const { data, error, refetch } = useGet<{ batch: BatchView }>('payouts', `/payout-batches/${id}`)
  const rows = useList<PayoutForStaff>('payouts', '/payouts', { batchId: id })
  const offered = useOffered(data?.batch.acts)
  if (!data) return <PageFrame title={titles('payout')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { batch } = data
  const [submit, reject] = [offered('submit'), offered('reject')]
  return (
    <PageFrame
      title={`${titles('payout')} …${id.slice(-8)}`}
      acts={(
        <>
          {submit.isShown && <ActButton may="payouts.decide" label={text('submit')} about={text('submitAbout')} variant="filled" disabled={submit.disabled} request={({ reason }) => ({ method: 'POST', path: `/payout-batches/${id}/submit`, body: { reason } })} changes={['payouts', 'approvals']} draft={`batch.submit.${id}`} done={text('submitDone')} />}
          {reject.isShown && <ActButton may="payouts.decide" label={text('reject')} about={text('rejectAbout')} color="red" disabled={reject.disabled} request={({ reason }) => ({ method: 'POST', path: `/payout-batches/${id}/reject`, body: { reason } })} changes={['payouts', 'approvals']} draft={`batch.reject.${id}`} done={text('rejectDone')} />}
        </>
      )}
    >
      <ProblemAlert error={error} />
      <WaitsForSecond approvalId={batch.approvalId} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={batch.state} />], [money('amount'), <Money key="amount" idr={batch.amountIdr} />], [text('count'), batch.payouts], [money('kind'), code(batch.kind)], [text('week'), batch.week ?? money('nothing')],
            [text('madeBy'), batch.madeByName ?? code('system')], [money('created'), <Time key="created" at={batch.createdAt} />], [text('decided'), <Time key="decided" at={batch.decidedAt} />],
          ]}
        />
      </Card>
      <Section title={text('inBatch')}><PayoutRows list={rows} empty={{ title: text('inBatchNone'), text: text('inBatchNoneText') }} /></Section>
    </PageFrame>
  )
}
