import { Card, Checkbox, NumberInput, SegmentedControl, Stack, Text } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import type { z } from 'zod'
import type { staffPaymentReply } from '../../../../backend/modules/staff/refund-contract.ts'
import { useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList, RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from './codes.ts'
import { IdLink, listOf, Postings, Section, useOffered } from './parts.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'

type Reply = z.output<typeof staffPaymentReply>
export type Wish = { amountIdr: number | string; clawback: boolean; method: 'provider' | 'manual' }

/** One payment: what was asked, what the provider said, what was posted, what was given back. */
export function Page() {
  const titles = useTitles()
  const text = useMoneyText()
  const code = useCode()
  const may = useMay()
  const id = useId()
  const { data, error, refetch } = useGet<Reply>('payments', `/payments/${id}`)
  const offered = useOffered(data?.acts)
  const give = offered('refund')
  if (!data) return <PageFrame title={titles('payment')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { payment } = data
  return (
    <PageFrame
      title={`${titles('payment')} …${id.slice(-8)}`} about={payment.description}
      acts={give.isShown && (
        <ActButton<Wish>
          may="refunds.request" label={text('give')} about={text('giveAbout')} icon={<IconArrowBackUp size={16} aria-hidden />} disabled={give.disabled} variant="filled"
          fields={{ initial: { amountIdr: '', clawback: false, method: 'provider' }, show: (values, set, problemOf) => <WishFields values={values} set={set} problemOf={problemOf} mostIdr={data.refundableIdr} /> }}
          request={({ amountIdr, ...rest }) => ({ method: 'POST', path: '/refunds', body: { paymentId: id, ...rest, ...(amountIdr === '' ? {} : { amountIdr: Number(amountIdr) }) } })}
          changes={['payments', 'refunds', 'approvals', 'ledger']} draft={`refund.${id}`} done={text('giveDone')}
        />
      )}
    >
      <ProblemAlert error={error} />
      <Card withBorder>
        <Facts
          items={[
            [text('state'), <MoneyState key="state" state={payment.state} />], [text('amount'), <Money key="amount" idr={payment.amountIdr} />], [text('wallet'), <Money key="wallet" idr={payment.walletIdr} />],
            [text('refundable'), <Money key="refundable" idr={data.refundableIdr} />], [text('kind'), code(payment.kind)],
            [text('customer'), may('board.read') ? <RowLink key="customer" href={`/customers/${payment.customerId}`}><PersonName name={payment.customerName} id={payment.customerId} /></RowLink> : payment.customerName],
            [text('session'), <IdLink key="session" to="/sessions" id={payment.sessionId} />], [text('invoice'), payment.providerInvoiceId ?? text('nothing')], [text('providerPayment'), payment.providerPaymentId ?? text('nothing')],
            [text('channel'), payment.channel ?? text('nothing')], [text('created'), <Time key="created" at={payment.createdAt} />], [text('expiresAt'), <Time key="expires" at={payment.expiresAt} />],
            [text('paidAt'), <Time key="paid" at={payment.paidAt} />], [text('closedAt'), <Time key="closed" at={payment.closedAt} />],
          ]}
        />
      </Card>
      <Section title={text('refunds')}>
        <DataList
          label={text('refunds')} list={listOf(data.refunds)} idOf={(row) => row.id} to={(row) => `/refunds/${row.id}`} empty={{ title: text('refundsNone'), text: text('refundsNoneText') }}
          columns={[
            { name: 'asked', title: text('asked'), show: (row) => <Time at={row.createdAt} /> }, { name: 'state', title: text('state'), show: (row) => <MoneyState state={row.state} /> },
            { name: 'method', title: text('method'), show: (row) => text(row.method === 'manual' ? 'methodManual' : 'methodProvider') }, { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
          ]}
        />
      </Section>
      {data.suspended.length > 0 && (
        <Section title={text('suspended')}>
          <DataList
            label={text('suspended')} list={listOf(data.suspended)} idOf={(row) => row.eventId} to={(row) => `/suspense/${row.eventId}`} empty={{ title: '', text: '' }}
            columns={[
              { name: 'at', title: text('created'), show: (row) => <Time at={row.createdAt} /> }, { name: 'reason', title: text('reason'), show: (row) => code(row.reason) }, { name: 'state', title: text('state'), show: (row) => <MoneyState state={row.state} /> },
              { name: 'amount', title: text('amount'), align: 'right', show: (row) => <Money idr={row.amountIdr} /> },
            ]}
          />
        </Section>
      )}
      <Section title={text('events')}>
        <DataList
          label={text('events')} list={listOf(data.events)} idOf={(row) => row.id} to={(row) => `/parked/${row.id}`} empty={{ title: text('eventsNone'), text: text('eventsNoneText') }}
          columns={[
            { name: 'at', title: text('created'), show: (row) => <Time at={row.receivedAt} /> }, { name: 'kind', title: text('kind'), show: (row) => code(row.kind) },
            { name: 'state', title: text('state'), show: (row) => <MoneyState state={row.state} /> }, { name: 'reason', title: text('reason'), show: (row) => (row.reason === null ? text('nothing') : code(row.reason)) },
          ]}
        />
      </Section>
      <Section title={text('postings')}>
        {data.transactions.length === 0 ? <Empty title={text('postingsNone')} /> : <Postings transactions={data.transactions} />}
      </Section>
    </PageFrame>
  )
}

/** What else is asked for when money is given back. */
export function WishFields({ values, set, problemOf, mostIdr }: { values: Wish; set: (change: Partial<Wish>) => void; problemOf: (path: string) => string | undefined; mostIdr: number | null }) {
  const text = useMoneyText()
  return (
    <Stack gap="md">
      <NumberInput
        label={text('amountIdr')} description={text('amountHint')} min={1} {...(mostIdr === null ? {} : { max: mostIdr })} clampBehavior="none" allowDecimal={false} allowNegative={false} thousandSeparator="." decimalSeparator=","
        hideControls inputMode="numeric" value={values.amountIdr} error={problemOf('amountIdr')} onChange={(amountIdr) => set({ amountIdr })}
      />
      <div>
        <Text size="sm" fw={500} id="refund-method">{text('method')}</Text>
        <SegmentedControl aria-labelledby="refund-method" fullWidth value={values.method} data={[{ value: 'provider', label: text('methodProvider') }, { value: 'manual', label: text('methodManual') }]} onChange={(method) => set({ method: method === 'manual' ? 'manual' : 'provider' })} />
        <Text size="xs" c="dimmed" mt={4}>{text('methodHint')}</Text>
      </div>
      <Checkbox label={text('clawback')} description={text('clawbackHint')} checked={values.clawback} onChange={(event) => set({ clawback: event.currentTarget.checked })} />
    </Stack>
  )
}
