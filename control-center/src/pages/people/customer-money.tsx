import { Card, NumberInput, Stack, Title } from '@mantine/core'
import type { StaffPayment, StaffRefund } from '../../../../backend/modules/staff/refund-contract.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { Money, StateBadge, Time } from '../../parts/values.tsx'
import { useCode, useCommon } from '../../texts-common.ts'
import type { CustomerRecord } from './customer.tsx'
import { listed } from './privacy-part.tsx'
import { usePeopleText } from './texts.ts'

type Credit = { amountIdr: number | string; days: number | string }

/** Credit for a customer: at once within what one may give alone in a day, else when a second person agrees. */
export function GiveCredit({ id, isOffered }: { id: string; isOffered: boolean }) {
  const text = usePeopleText()
  const initial: Credit = { amountIdr: '', days: 30 }
  return (
    <ActButton
      may="credits.give" isOffered={isOffered} label={text('giveCredit')} about={text('creditAbout')} changes={['customers', 'approvals', 'ledger']} draft={`customer.credit.${id}`} done={text('creditGiven')}
      fields={{
        initial,
        show: (values, set, problemOf) => (
          <>
            <NumberInput label={text('amountIdr')} prefix="Rp " thousandSeparator="." decimalSeparator="," allowDecimal={false} allowNegative={false} min={1} required value={values.amountIdr} error={problemOf('amountIdr')} onChange={(amountIdr) => set({ amountIdr })} />
            <NumberInput label={text('days')} allowDecimal={false} allowNegative={false} min={1} max={365} required value={values.days} error={problemOf('days')} onChange={(days) => set({ days })} />
          </>
        ),
      }}
      request={({ amountIdr, days, reason }) => ({ method: 'POST', path: `/customers/${id}/credit`, body: { amountIdr: Number(amountIdr), days: Number(days), reason } })}
    />
  )
}

/** What is in the wallet, and what staff gave. */
export function Wallet({ wallet, credits }: { wallet: NonNullable<CustomerRecord['wallet']>; credits: NonNullable<CustomerRecord['credits']> }) {
  const text = usePeopleText()
  const common = useCommon()
  const code = useCode()
  return (
    <Stack gap="md">
      <Card withBorder><Facts items={[[text('wallet'), <Money key="wallet" idr={wallet.balanceIdr} />], [text('promo'), <Money key="promo" idr={wallet.promoIdr} />]]} /></Card>
      <Title order={2} size="h5">{text('credits')}</Title>
      <DataList
        label={text('credits')} list={listed(credits)} idOf={(row) => row.id} empty={{ title: text('noCredits'), text: text('noCreditsText') }}
        columns={[
          { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'state', title: text('state'), show: (row) => code(row.state === 'asked' ? 'waiting' : row.state) },
          { name: 'reason', title: text('givenFor'), show: (row) => row.reason },
          { name: 'expires', title: text('expires'), show: (row) => (row.givenAt === null ? common('none') : <Time at={row.expiresAt} />) },
        ]}
      />
    </Stack>
  )
}

/** What a customer paid, and what went back. */
export function Payments({ id }: { id: string }) {
  const text = usePeopleText()
  const code = useCode()
  const may = useMay()
  const list = useList<StaffPayment>('payments', '/payments', { customerId: id })
  return (
    <Stack gap="md">
      <DataList
        label={text('payments')} list={list} idOf={(row) => row.id} to={(row) => `/payments/${row.id}`} empty={{ title: text('noPayments'), text: text('noPaymentsText') }}
        columns={[
          { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'kind', title: text('givenFor'), show: (row) => code(row.kind) },
          { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'paid', title: text('paid'), show: (row) => <Time at={row.paidAt} /> },
        ]}
      />
      {may('refunds.request') && <Refunds id={id} />}
    </Stack>
  )
}

function Refunds({ id }: { id: string }) {
  const text = usePeopleText()
  const list = useList<StaffRefund>('refunds', '/refunds', { customerId: id })
  return (
    <>
      <Title order={2} size="h5">{text('refunds')}</Title>
      <DataList
        label={text('refunds')} list={list} idOf={(row) => row.id} to={(row) => `/refunds/${row.id}`} empty={{ title: text('noRefunds'), text: text('noRefundsText') }}
        columns={[
          { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
          { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          { name: 'reason', title: text('reason'), show: (row) => row.reason },
        ]}
      />
    </>
  )
}
