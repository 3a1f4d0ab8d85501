import { Alert, Card, Text } from '@mantine/core'
import { IconUser } from '@tabler/icons-react'
import type { ApprovalView } from '../../../../backend/modules/staff/approval-contract.ts'
import { useId } from '../../address.ts'
import { useGet, type About } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { ShortId, useOffered } from './parts.tsx'
import { targetPath, useSayApproval } from './say-approval.ts'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { usePayoutText } from './texts-payouts.ts'

const CHANGES: readonly About[] = ['approvals', 'refunds', 'payouts', 'suspense', 'holds', 'payments', 'customers', 'ledger']

/** One thing that takes a second person, in plain words, and that person's decision. */
export function Page() {
  const titles = useTitles()
  const text = usePayoutText()
  const money = useMoneyText()
  const code = useCode()
  const say = useSayApproval()
  const id = useId()
  const { data, error, refetch } = useGet<{ approval: ApprovalView }>('approvals', `/approvals/${id}`, { everyMs: 15_000 })
  const offered = useOffered(data?.approval.acts)
  if (!data) return <PageFrame title={titles('approvals')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { approval } = data
  const [approve, reject] = [offered('approve'), offered('reject')]
  const path = targetPath(approval)
  const bodyOf = (reason: string) => (reason === '' ? {} : { reason })
  return (
    <PageFrame
      title={`${titles('approvals')} …${id.slice(-8)}`} about={approval.reason}
      acts={(
        <>
          {approve.isShown && <ActButton may="payouts.decide" label={text('approve')} about={<><Text span fw={600} size="sm">{say(approval)}</Text> {text('approveAbout')}</>} color="green" variant="filled" disabled={approve.disabled} reason="optional" request={({ reason }) => ({ method: 'POST', path: `/approvals/${id}/approve`, body: bodyOf(reason) })} changes={CHANGES} draft={`approval.approve.${id}`} done={text('approveDone')} />}
          {reject.isShown && <ActButton may="payouts.decide" label={text('refuse')} about={text('refuseAbout')} color="red" disabled={reject.disabled} request={({ reason }) => ({ method: 'POST', path: `/approvals/${id}/reject`, body: bodyOf(reason) })} changes={CHANGES} draft={`approval.reject.${id}`} done={text('refuseDone')} />}
        </>
      )}
    >
      <ProblemAlert error={error} />
      {approval.isOwn && approval.state === 'pending' && <Alert variant="light" color="yellow" icon={<IconUser aria-hidden />} title={text('yours')}>{text('yoursText')}</Alert>}
      <Card withBorder>
        <Text fw={600} className="wrap" mb="md">{say(approval)}</Text>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={approval.state} />], [money('amount'), <Money key="amount" idr={approval.amountIdr} />], [text('about'), path === undefined ? <ShortId key="about" id={approval.targetId} /> : <RowLink key="about" href={path}><ShortId id={approval.targetId} /></RowLink>],
            [money('kind'), code(approval.act)], [text('requestedBy'), approval.requestedBy.name], [text('requestedAt'), <Time key="at" at={approval.requestedAt} />], [text('expires'), <Time key="expires" at={approval.expiresAt} />],
            [money('reason'), approval.reason], [text('decidedBy'), approval.decidedBy?.name ?? money('nothing')], [text('decided'), <Time key="decided" at={approval.decidedAt} />], [text('decisionReason'), approval.decisionReason ?? money('nothing')],
          ]}
        />
      </Card>
    </PageFrame>
  )
}
