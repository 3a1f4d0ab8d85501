import { Accordion, Badge, Card, Group, Skeleton, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import type { Names } from '../../../../backend/modules/audit/contract.ts'
import type { SettingList, SettingView } from '../../../../backend/modules/settings/contract.ts'
import { useFilters } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Empty } from '../../parts/empty.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Who } from '../safety/who.tsx'
import { ChangeSetting } from './change-setting.tsx'
import { Replicas } from './replicas.tsx'
import { SettingHistory } from './setting-history.tsx'
import { useCodeText, useSettingText } from './texts.ts'
import { useValueWords } from './values.ts'

/** Every setting in its group: value, default, bounds, what it is for, its history; and which replica goes by it. */
export function Page() {
  const titles = useTitles()
  const text = useSettingText()
  const code = useCodeText()
  const [filters, setFilters] = useFilters(['q', 'changed'] as const)
  const { data, error, refetch } = useGet<SettingList>('settings', '/settings')
  const q = filters.q?.toLowerCase()
  const found = data?.items.filter((one) => (q === undefined || `${one.key} ${one.about}`.toLowerCase().includes(q)) && (filters.changed === undefined || isChanged(one)))
  const groups = [...new Set(found?.map((one) => one.group))]
  return (
    <PageFrame title={titles('settings')} about={text('about')}>
      <Replicas />
      <Group gap="sm" align="flex-end">
        <TextInput type="search" label={text('search')} leftSection={<IconSearch size={16} aria-hidden />} style={{ flex: '1 1 16rem' }} maw={420} value={filters.q ?? ''} onChange={(event) => setFilters({ q: event.currentTarget.value })} />
        <Switch label={text('changedOnly')} checked={filters.changed === 'true'} onChange={(event) => setFilters({ changed: event.currentTarget.checked ? 'true' : undefined })} mb={8} />
      </Group>
      <ProblemAlert error={error} again={() => void refetch()} />
      {data === undefined && !error && <Skeleton height={240} />}
      {found?.length === 0 && <Card withBorder><Empty title={text('noneFound')}>{text('noneFoundText')}</Empty></Card>}
      <Accordion key={groups.length} multiple variant="separated" order={2} defaultValue={q !== undefined || filters.changed !== undefined ? groups : groups.slice(0, 1)}>
        {groups.map((group) => {
          const own = found?.filter((one) => one.group === group) ?? []
          return (
            <Accordion.Item key={group} value={group}>
              <Accordion.Control>{code('group', group)} <Text span size="sm" c="dimmed">{own.length}</Text></Accordion.Control>
              <Accordion.Panel><Stack gap="md" role="list" aria-label={code('group', group)}>{own.map((one) => <Setting key={one.key} one={one} names={data?.names ?? {}} />)}</Stack></Accordion.Panel>
            </Accordion.Item>
          )
        })}
      </Accordion>
    </PageFrame>
  )
}

function isChanged(one: SettingView): boolean {
  return JSON.stringify(one.value) !== JSON.stringify(one.default)
}

function Setting({ one, names }: { one: SettingView; names: Names }) {
  const text = useSettingText()
  const words = useValueWords()
  return (
    <Group role="listitem" justify="space-between" align="flex-start" gap="sm">
      <Stack gap={2} style={{ minWidth: 0, flex: '1 1 18rem' }}>
        <Group gap={6}>
          <Text size="sm" fw={600} ff="monospace" className="wrap">{one.key}</Text>
          <Badge variant="light" color={isChanged(one) ? 'blue' : 'gray'} tt="none">{isChanged(one) ? text('isChanged') : text('isDefault')}</Badge>
        </Group>
        <Text size="sm">{one.about}</Text>
        <Text size="sm" className="wrap tabular">{text('value')}: <b>{words.show(one.value)}</b></Text>
        <Text size="xs" c="dimmed" className="wrap">{text('standard')}: {words.show(one.default)}{words.bounds(one) === '' ? '' : ` · ${words.bounds(one)}`}</Text>
        {one.updatedAt !== null && <Text size="xs" c="dimmed">{text('changedBy')} <Time at={one.updatedAt} ago /> · <Who id={one.updatedBy} names={names} /></Text>}
      </Stack>
      <Group gap={6}>
        <ChangeSetting one={one} />
        <SettingHistory one={one} />
      </Group>
    </Group>
  )
}
