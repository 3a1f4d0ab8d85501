import { Badge } from '@mantine/core'
import type { ApprovalView } from '../../../../backend/modules/staff/approval-contract.ts'
import { useFilters } from '../../address.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Filters } from './filters.tsx'
import { useSayApproval } from './say-approval.ts'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { usePayoutText } from './texts-payouts.ts'

/** What waits for a second person: `state` of the address, what is pending without it. */
export function Page() {
  const titles = useTitles()
  const text = usePayoutText()
  const money = useMoneyText()
  const say = useSayApproval()
  const [{ state = 'pending' }, change] = useFilters(['state'])
  const query = state === 'all' ? {} : { state }
  const list = useList<ApprovalView>('approvals', '/approvals', query, { everyMs: 15_000 })
  return (
    <PageFrame title={titles('approvals')} about={text('approvalsAbout')}>
      <Filters values={{ state }} change={change} csv={{ path: '/approvals', query }} fields={[{ name: 'state', label: money('state'), options: ['pending', 'approved', 'rejected', 'expired', 'all'] }]} />
      <DataList
        label={text('approvalsLabel')} list={list} idOf={(row) => row.id} to={(row) => `/approvals/${row.id}`} isFiltered={state !== 'pending' && state !== 'all'} empty={{ title: text('approvalsEmpty'), text: text('approvalsEmptyText') }}
        columns={[
          { name: 'what', title: text('what'), show: (row) => say(row) },
          { name: 'amount', title: money('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'by', title: text('requestedBy'), show: (row) => (row.isOwn ? <Badge variant="light" color="gray" tt="none">{text('yours')}</Badge> : row.requestedBy.name) },
          { name: 'at', title: text('requestedAt'), show: (row) => <Time at={row.requestedAt} ago /> },
          { name: 'expires', title: text('expires'), show: (row) => <Time at={row.expiresAt} /> },
          { name: 'state', title: money('state'), show: (row) => <MoneyState state={row.state} /> },
        ]}
      />
    </PageFrame>
  )
}
