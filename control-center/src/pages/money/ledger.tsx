import { Alert, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import type { z } from 'zod'
import type { balancesReply, checkReply } from '../../../../backend/modules/staff/ledger-contract.ts'
import { useFilters, useGo } from '../../address.ts'
import { useGet, useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useFormat } from '../../format.ts'
import { useTitles } from '../../shell/titles.ts'
import { AccountLink, listOf, Section } from './parts.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

type Balances = z.output<typeof balancesReply>
type Check = z.output<typeof checkReply>

/** The ledger: its proof, and a way into every account. */
export function Page() {
  const titles = useTitles()
  const text = useBooksText()
  return (
    <PageFrame
      title={titles('ledger')} about={text('ledgerAbout')}
      acts={<ActButton may="ledger.read" label={text('checkNow')} about={text('checkAbout')} reason="none" request={() => ({ method: 'POST', path: '/ledger/check' })} changes={['ledger', 'closings']} draft="ledger.check" done={text('checkDone')} />}
    >
      <Proof />
      <Accounts />
      <Persons />
    </PageFrame>
  )
}

function Proof() {
  const text = useBooksText()
  const { data: sums, error } = useGet<Balances>('ledger', '/ledger/balances', { everyMs: 60_000 })
  const isProved = sums !== undefined && sums.debitsIdr === sums.creditsIdr && sums.totalIdr === 0
  return (
    <Section title={text('proof')}>
      <ProblemAlert error={error} />
      {sums && (
        <>
          <Verdict isGood={isProved}>{text(isProved ? 'proofGood' : 'proofBad')}</Verdict>
          <Facts items={[[text('debits'), <Money key="debits" idr={sums.debitsIdr} />], [text('credits'), <Money key="credits" idr={sums.creditsIdr} />], [text('total'), <Money key="total" idr={sums.totalIdr} />]]} />
        </>
      )}
      <LastCheck />
    </Section>
  )
}

function LastCheck() {
  const text = useBooksText()
  const format = useFormat()
  const { data: check, error } = useGet<Check>('ledger', '/ledger/check', { everyMs: 60_000 })
  if (!check) return <ProblemAlert error={error} />
  return (
    <>
      {check.checkedAt !== null && <Verdict isGood={check.ok}>{check.ok ? text('checkGood') : `${text('checkBad')}: ${check.problems.join('; ')}`}</Verdict>}
      <Facts items={[[text('lastCheck'), check.checkedAt === null ? text('never') : <Time key="at" at={check.checkedAt} ago />], [text('took'), check.tookMs === null ? undefined : `${format.number(check.tookMs)} ms`], [text('drift'), <Money key="drift" idr={check.driftIdr} />]]} />
    </>
  )
}

/** Good or bad, in words and with a sign; colour only repeats it. */
export function Verdict({ isGood, children }: { isGood: boolean; children: string }) {
  return <Alert variant="light" color={isGood ? 'green' : 'red'} icon={isGood ? <IconCheck aria-hidden /> : <IconAlertTriangle aria-hidden />} role={isGood ? 'status' : 'alert'}><Text size="sm" className="wrap">{children}</Text></Alert>
}

function Accounts() {
  const text = useBooksText()
  const money = useMoneyText()
  const go = useGo()
  const [name, setName] = useState('')
  const { data, error } = useGet<Balances>('ledger', '/ledger/balances', { everyMs: 60_000 })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') go(`/ledger/accounts/${encodeURIComponent(name.trim())}`)
  }
  return (
    <Section title={text('accounts')}>
      <Text size="sm" c="dimmed">{text('owe')}</Text>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput label={text('findAccount')} description={text('findAccountHint')} value={name} onChange={(event) => setName(event.currentTarget.value)} w={360} maw="100%" />
          <Button type="submit" variant="default">{text('show')}</Button>
        </Group>
      </form>
      <DataList
        label={text('accounts')} list={{ ...listOf(data?.items), error }} idOf={(row) => row.account} empty={{ title: text('accountsEmpty'), text: text('accountsEmptyText') }}
        columns={[
          { name: 'account', title: text('accountKind'), show: (row) => <AccountLink account={row.account} /> }, { name: 'debits', title: money('debit'), align: 'right', show: (row) => <Money idr={row.debitsIdr} /> },
          { name: 'credits', title: money('credit'), align: 'right', show: (row) => <Money idr={row.creditsIdr} /> }, { name: 'balance', title: text('balance'), align: 'right', show: (row) => <Money idr={row.balanceIdr} /> },
        ]}
      />
    </Section>
  )
}

const KINDS = ['customer_wallet', 'customer_promo', 'mitra_payable'] as const

function Persons() {
  const text = useBooksText()
  const [{ kind = 'customer_wallet' }, change] = useFilters(['kind'])
  const list = useList<{ account: string; balanceIdr: number }>('ledger', '/ledger/accounts', { kind })
  return (
    <Section title={text('kinds')}>
      <Stack gap="sm">
        <SegmentedControl aria-label={text('kinds')} value={kind} data={KINDS.map((value) => ({ value, label: text(`kind_${value}`) }))} onChange={(value) => change({ kind: value })} />
        <DataList
          label={text('kinds')} list={list} idOf={(row) => row.account} empty={{ title: text('accountsEmpty'), text: text('accountsEmptyText') }}
          columns={[{ name: 'account', title: text('accountKind'), show: (row) => <AccountLink account={row.account} /> }, { name: 'balance', title: text('balance'), align: 'right', show: (row) => <Money idr={row.balanceIdr} /> }]}
        />
      </Stack>
    </Section>
  )
}
