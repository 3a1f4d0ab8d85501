import { Badge, Group, Select, Stack, Switch, Text } from '@mantine/core'
import type { SanctionView } from '../../../../backend/modules/safety/contract.ts'
import { useFilters } from '../../address.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList, RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCommon } from '../../texts-common.ts'
import { SANCTION_KINDS } from './codes.ts'
import { GiveSanction } from './give-sanction.tsx'
import { useNamedList } from './named-list.ts'
import { useSanctionText } from './texts.ts'
import { Who } from './who.tsx'

/** Sanctions: what stands, what stood, who gave it, and why. */
export function Page() {
  const titles = useTitles()
  const text = useSanctionText()
  const common = useCommon()
  const [filters, setFilters] = useFilters(['kind', 'active', 'userId', 'caseId'] as const)
  const { list, names } = useNamedList<SanctionView>('sanctions', '/sanctions', filters)
  return (
    <PageFrame title={titles('sanctions')} about={text('about')} acts={<GiveSanction />}>
      <Group gap="sm" align="flex-end">
        <Select label={text('kind')} w={180} clearable placeholder={common('all')} value={filters.kind ?? null} onChange={(value) => setFilters({ kind: value ?? undefined })} data={SANCTION_KINDS.map((value) => ({ value, label: text(value) }))} />
        <Switch label={text('standingOnly')} checked={filters.active === 'true'} onChange={(event) => setFilters({ active: event.currentTarget.checked ? 'true' : undefined })} mb={8} />
      </Group>
      <DataList<SanctionView>
        label={titles('sanctions')} list={list} idOf={(one) => one.id} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('empty'), text: text('emptyText') }}
        columns={[
          { name: 'person', title: text('person'), show: (one) => <Who id={one.userId} names={names} /> },
          { name: 'kind', title: text('kind'), show: (one) => <Kind one={one} /> },
          { name: 'until', title: text('until'), show: (one) => <Time at={one.until} /> },
          { name: 'at', title: text('at'), show: (one) => <Stack gap={0}><Time at={one.createdAt} ago /><Text size="xs" c="dimmed"><Who id={one.createdBy} names={names} /></Text></Stack> },
          { name: 'reason', title: text('reason'), show: (one) => <Reason one={one} /> },
          { name: 'act', title: text('act'), show: (one) => (one.kind === 'warning' ? common('none') : <Lift one={one} />) },
        ]}
      />
    </PageFrame>
  )
}

function Kind({ one }: { one: SanctionView }) {
  const text = useSanctionText()
  const state = one.liftedAt !== null ? text('lifted') : one.isActive ? text('stands') : text('over')
  return (
    <Group gap={6} wrap="nowrap">
      <span>{text(one.kind)}</span>
      {one.kind !== 'warning' && <Badge variant="light" color={one.isActive ? 'red' : 'gray'} tt="none">{state}</Badge>}
    </Group>
  )
}

function Reason({ one }: { one: SanctionView }) {
  const text = useSanctionText()
  return (
    <Stack gap={2} maw={360}>
      <Text size="sm" className="wrap">{one.reason}</Text>
      {one.message !== null && <Text size="xs" c="dimmed" className="wrap">{text('told')}: {one.message}</Text>}
      {one.liftReason !== null && <Text size="xs" c="dimmed" className="wrap">{text('liftReason')}: {one.liftReason}</Text>}
      {one.caseId !== null && <RowLink href={`/cases/${one.caseId}`}>{text('case')}</RowLink>}
    </Stack>
  )
}

function Lift({ one }: { one: SanctionView }) {
  const text = useSanctionText()
  return (
    <ActButton
      may="safety.act" size="compact-sm" disabled={!one.isActive} label={text('lift')} about={text('liftAbout')} draft={`lift-${one.id}`} done={text('liftDone')} changes={['sanctions', 'cases', 'appeals', 'customers', 'mitras']}
      request={({ reason }) => ({ method: 'POST', path: `/sanctions/${one.id}/lift`, body: { reason } })}
    />
  )
}
