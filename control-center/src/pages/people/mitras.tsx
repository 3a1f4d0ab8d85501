import { Badge, Card, Checkbox, Group, NativeSelect, Stack, Text, Title } from '@mantine/core'
import type { MitraForStaff } from '../../../../backend/modules/staff/control-contract.ts'
import { useFilters } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { DataList, type Column } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { SearchField } from './search-field.tsx'
import { usePeopleText } from './texts.ts'

const STATUSES = ['applied', 'approved', 'rejected', 'deactivated', 'draft'] as const

/** All mitras, the newest first; before them, as long as nobody has filtered, who waits for a decision. */
export function Page() {
  const text = usePeopleText()
  const titles = useTitles()
  const code = useCode()
  const may = useMay()
  const [filters, change] = useFilters(['q', 'status', 'online', 'openCase'])
  const isFiltered = Object.keys(filters).length > 0
  const list = useList<MitraForStaff>('mitras', '/mitras', filters)
  const columns: Column<MitraForStaff>[] = [
    { name: 'name', title: text('name'), show: (row) => <PersonName name={row.displayName} id={row.id} /> },
    { name: 'phone', title: text('phone'), show: (row) => row.phone ?? '–' },
    { name: 'status', title: text('status'), show: (row) => <StateBadge state={row.status} /> },
    { name: 'presence', title: text('presence'), show: (row) => <PresenceBadge mitra={row} /> },
    { name: 'slots', title: text('slots'), align: 'right', show: (row) => `${row.used} / ${row.capacity}` },
    { name: 'seen', title: text('lastSeen'), show: (row) => <Time at={row.lastSeenAt} ago /> },
  ]
  return (
    <PageFrame title={titles('mitras')} about={text('mitrasAbout')}>
      <Group align="flex-end" gap="sm" role="search">
        <SearchField q={filters.q} onChange={(q) => change({ q })} />
        <NativeSelect
          label={text('status')} value={filters.status ?? ''} onChange={(event) => change({ status: event.currentTarget.value })}
          data={[{ value: '', label: text('anyStatus') }, ...STATUSES.map((status) => ({ value: status, label: code(status) }))]}
        />
        <NativeSelect
          label={text('presence')} value={filters.online ?? ''} onChange={(event) => change({ online: event.currentTarget.value })}
          data={[{ value: '', label: text('anyPresence') }, { value: 'true', label: text('online') }, { value: 'false', label: text('offline') }]}
        />
        {may('safety.act') && <Checkbox pb={8} label={text('openCase')} checked={filters.openCase === 'true'} onChange={(event) => change({ openCase: event.currentTarget.checked ? 'true' : undefined })} />}
      </Group>
      {!isFiltered && may('mitras.approve') && <ToDecide />}
      <Title order={2} size="h5">{isFiltered ? titles('mitras') : text('newest')}</Title>
      <DataList
        label={titles('mitras')} list={list} idOf={({ id }) => id} to={({ id }) => `/mitras/${id}`} isFiltered={isFiltered} columns={columns}
        empty={{ title: text('noMitras'), text: text('noMitrasText') }}
      />
    </PageFrame>
  )
}

function ToDecide() {
  const text = usePeopleText()
  const applied = useList<MitraForStaff>('mitras', '/mitras', { status: 'applied', limit: 10 })
  if (applied.items.length === 0) return null
  return (
    <Card withBorder>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h5">{text('toDecide')}</Title>
          <Text size="sm" c="dimmed">{text('toDecideAbout')}</Text>
        </div>
        <DataList
          label={text('toDecide')} list={applied} idOf={({ id }) => id} to={({ id }) => `/mitras/${id}`} empty={{ title: '', text: '' }}
          columns={[
            { name: 'name', title: text('name'), show: (row) => <PersonName name={row.displayName} id={row.id} /> },
            { name: 'topics', title: text('topics'), show: (row) => row.topics.join(', ') },
            { name: 'applied', title: text('applied'), show: (row) => <Time at={row.appliedAt} ago /> },
          ]}
        />
      </Stack>
    </Card>
  )
}

/** Whether somebody is there, and has a slot free. */
export function PresenceBadge({ mitra }: { mitra: MitraForStaff }) {
  const text = usePeopleText()
  if (!mitra.isOnline) return <Badge variant="light" color="gray" tt="none">{text('offline')}</Badge>
  return <Badge variant="light" color={mitra.used < mitra.capacity ? 'green' : 'yellow'} tt="none">{mitra.used < mitra.capacity ? text('free') : text('busy')}</Badge>
}
