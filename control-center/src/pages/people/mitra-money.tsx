import { Card, Stack, Title } from '@mantine/core'
import type { PayoutForStaff } from '../../../../backend/modules/staff/payout-contract.ts'
import type { MitraRecord } from '../../../../backend/modules/staff/record-contract.ts'
import { useList } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { Money, StateBadge, Time } from '../../parts/values.tsx'
import { usePeopleText } from './texts.ts'

/** What a mitra is owed and was paid out. The account is masked for everybody. */
export function Earnings({ id, money }: { id: string; money: NonNullable<MitraRecord['money']> }) {
  const text = usePeopleText()
  const list = useList<PayoutForStaff>('payouts', '/payouts', { mitraId: id })
  const account = money.bankAccount
  return (
    <Stack gap="md">
      <Card withBorder>
        <Facts items={[
          [text('payable'), <Money key="payable" idr={money.payableIdr} />], [text('heldBack'), <Money key="held" idr={money.heldIdr} />], [text('available'), <Money key="available" idr={money.availableIdr} />],
          [text('bankAccount'), account === null ? text('noBankAccount') : `${account.bankCode} ${account.accountNumberMasked}, ${account.accountHolderMasked}${account.isRefused ? ` (${text('refusedAccount')})` : ''}`],
        ]}
        />
      </Card>
      <Title order={2} size="h5">{text('payouts')}</Title>
      <DataList
        label={text('payouts')} list={list} idOf={(row) => row.id} empty={{ title: text('noPayouts'), text: text('noPayoutsText') }}
        columns={[
          { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
        ]}
      />
    </Stack>
  )
}
