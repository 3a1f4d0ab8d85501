import { Stack, Title } from '@mantine/core'
import type { CaseView, SanctionView } from '../../../../backend/modules/safety/contract.ts'
import type { SessionView } from '../../../../backend/modules/sessions/contract.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { Money, PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useCode, useCommon } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

/** The sessions of a customer or a mitra, the newest first. */
export function Sessions({ of, id }: { of: 'customerId' | 'mitraId'; id: string }) {
  const text = usePeopleText()
  const list = useList<SessionView>('sessions', '/sessions', { [of]: id })
  return (
    <DataList
      label={text('sessions')} list={list} idOf={(row) => row.id} to={(row) => `/sessions/${row.id}`} empty={{ title: text('noSessions'), text: text('noSessionsText') }}
      columns={[
        { name: 'at', title: text('started'), show: (row) => <Time at={row.createdAt} /> },
        { name: 'with', title: text('withWhom'), show: (row) => <Other session={row} of={of} /> },
        { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
        { name: 'minutes', title: text('minutes'), align: 'right', show: (row) => row.package.minutes + (row.extendedMinutes ?? 0) },
        { name: 'price', title: text('price'), align: 'right', show: (row) => <Money idr={row.package.priceIdr} /> },
      ]}
    />
  )
}

function Other({ session, of }: { session: SessionView; of: 'customerId' | 'mitraId' }) {
  const text = useCommon()
  const other = of === 'mitraId' ? session.customer : session.mitra
  return other ? <PersonName name={other.displayName} id={other.id} /> : <>{text('none')}</>
}

/** What stands or stood against a person; for roles that see cases. */
export function CasesAndSanctions({ id }: { id: string }) {
  const text = usePeopleText()
  const code = useCode()
  const common = useCommon()
  const cases = useList<CaseView>('cases', '/cases', { personId: id })
  const sanctions = useList<SanctionView>('sanctions', '/sanctions', { userId: id })
  return (
    <Stack gap="md">
      <Title order={2} size="h5">{text('casesTitle')}</Title>
      <DataList
        label={text('casesTitle')} list={cases} idOf={(row) => row.id} to={(row) => `/cases/${row.id}`} empty={{ title: text('noCases'), text: text('noCasesText') }}
        columns={[
          { name: 'kind', title: text('caseKind'), show: (row) => code(row.kind) },
          { name: 'state', title: text('state'), show: (row) => <StateBadge state={row.state} /> },
          { name: 'reason', title: text('reason'), show: (row) => (row.reason === null ? common('none') : code(row.reason)) },
          { name: 'at', title: text('opened'), show: (row) => <Time at={row.openedAt} /> },
        ]}
      />
      <Title order={2} size="h5">{text('sanctions')}</Title>
      <DataList
        label={text('sanctions')} list={sanctions} idOf={(row) => row.id} empty={{ title: text('noSanctions'), text: text('noSanctionsText') }}
        columns={[
          { name: 'kind', title: text('sanction'), show: (row) => code(row.kind) },
          { name: 'stands', title: text('stands'), show: (row) => (row.isActive ? common('yes') : common('no')) },
          { name: 'reason', title: text('reason'), show: (row) => row.reason },
          { name: 'until', title: text('until'), show: (row) => <Time at={row.until} /> },
          { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
        ]}
      />
    </Stack>
  )
}
