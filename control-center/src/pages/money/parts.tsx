import { Alert, Card, Code, Group, Stack, Table, Text, Title } from '@mantine/core'
import { IconHourglass } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import type { ListQuery } from '../../api/queries.ts'
import { useMay } from '../../api/me.tsx'
import { RowLink } from '../../parts/list.tsx'
import { Money } from '../../parts/values.tsx'
import { useMoneyText } from './texts.ts'

/** A part of a page with its heading. */
export function Section({ title, acts, children }: { title: string; acts?: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder component="section" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between"><Title order={2} size="h5">{title}</Title>{acts}</Group>
        {children}
      </Stack>
    </Card>
  )
}

/** Rows that came with something else, as `DataList` takes them. */
export function listOf<T>(items: readonly T[] | undefined): ListQuery<T> {
  const nothing = () => {}
  return { items: [...(items ?? [])], error: null, isLoading: items === undefined, isFetching: false, hasMore: false, isFetchingMore: false, more: nothing, again: nothing }
}

/**
 * What could be done with a thing since its page was opened. A colleague's act takes an act away; its dialog, with what
 * was typed and why it was refused, stays all the same: the button is disabled instead of gone.
 */
export function useOffered<A extends string>(acts: readonly A[] | undefined): (act: A) => { isShown: boolean; disabled: boolean } {
  const [seen, setSeen] = useState<ReadonlySet<A>>(new Set())
  if (acts?.some((act) => !seen.has(act))) setSeen(new Set([...seen, ...acts]))
  return (act) => ({ isShown: seen.has(act), disabled: acts !== undefined && !acts.includes(act) })
}

/** That something waits for a second person, and where. */
export function WaitsForSecond({ approvalId }: { approvalId: string | null }) {
  const text = useMoneyText()
  const may = useMay()
  if (approvalId === null) return null
  return (
    <Alert variant="light" color="yellow" icon={<IconHourglass aria-hidden />} title={text('waitsTitle')}>
      <Text size="sm">{text('waitsText')}</Text>
      {may('payouts.read') && <RowLink href={`/approvals/${approvalId}`}>{text('toApproval')}</RowLink>}
    </Alert>
  )
}

/** An id as people read it: its end, the whole of it for the mouse and for copying from the address. */
export function ShortId({ id }: { id: string }) {
  return <Text span ff="monospace" size="sm" title={id}>…{id.slice(-8)}</Text>
}

export function IdLink({ to, id }: { to: string; id: string | null | undefined }) {
  const text = useMoneyText()
  if (!id) return <>{text('nothing')}</>
  return <RowLink href={`${to}/${id}`}><ShortId id={id} /></RowLink>
}

/** The name of an account, as a link to its entries. */
export function AccountLink({ account }: { account: string }) {
  const may = useMay()
  const shown = <Code className="wrap">{shortName(account)}</Code>
  return may('ledger.read') && !account.endsWith(':*') ? <RowLink href={`/ledger/accounts/${encodeURIComponent(account)}`}>{shown}</RowLink> : shown
}

function shortName(account: string): string {
  const [kind, id] = account.split(':')
  return id === undefined || id === '*' ? account : `${kind}:…${id.slice(-8)}`
}

type Transaction = { id: string; flow: string; at: string; entries: readonly { account: string; amountIdr: number }[] }

/** Both sides of postings: debits and credits of one transaction are the same. */
export function Postings({ transactions }: { transactions: readonly Transaction[] }) {
  const text = useMoneyText()
  return (
    <Stack gap="md">
      {transactions.map((transaction) => (
        <div key={transaction.id}>
          <Group gap="xs"><RowLink href={`/ledger/transactions/${transaction.id}`}><Code>{transaction.flow}</Code></RowLink></Group>
          <Sides entries={transaction.entries} label={`${text('postings')}: ${transaction.flow}`} />
        </div>
      ))}
    </Stack>
  )
}

export function Sides({ entries, label }: { entries: readonly { account: string; amountIdr: number }[]; label: string }) {
  const text = useMoneyText()
  const sum = (isDebit: boolean) => entries.reduce((total, entry) => total + (entry.amountIdr < 0 === isDebit ? Math.abs(entry.amountIdr) : 0), 0)
  return (
    <Table.ScrollContainer minWidth={320} type="native" tabIndex={0} role="region" aria-label={label}>
      <Table>
        <Table.Thead><Table.Tr><Table.Th scope="col">{text('account')}</Table.Th><Table.Th scope="col" ta="right">{text('debit')}</Table.Th><Table.Th scope="col" ta="right">{text('credit')}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={`${entry.account} ${entry.amountIdr}`}>
              <Table.Td><AccountLink account={entry.account} /></Table.Td>
              <Table.Td ta="right">{entry.amountIdr < 0 ? <Money idr={-entry.amountIdr} /> : ''}</Table.Td>
              <Table.Td ta="right">{entry.amountIdr > 0 ? <Money idr={entry.amountIdr} /> : ''}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot><Table.Tr><Table.Th scope="row">{text('sum')}</Table.Th><Table.Th ta="right"><Money idr={sum(true)} /></Table.Th><Table.Th ta="right"><Money idr={sum(false)} /></Table.Th></Table.Tr></Table.Tfoot>
      </Table>
    </Table.ScrollContainer>
  )
}
