import { Badge, Code, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import type { TemplateList } from '../../../../backend/modules/notifications/template-contract.ts'
import { useFilters } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useLanguage } from '../../texts.ts'
import { Who } from '../safety/who.tsx'
import { useTemplateCode, useTemplateText } from './texts.ts'

type Template = TemplateList['items'][number]

/** Everything that people can be told: by which ways, in whose words, and what could not be shown of it. */
export function Page() {
  const titles = useTitles()
  const text = useTemplateText()
  const code = useTemplateCode()
  const language = useLanguage()
  const [filters, setFilters] = useFilters(['q', 'kind', 'state'] as const)
  const { data, error, isLoading, isFetching, refetch } = useGet<TemplateList>('templates', '/notice-templates')
  const items = data?.items ?? []
  const q = filters.q?.toLowerCase()
  const found = items.filter((one) => (filters.kind === undefined || one.kind === filters.kind) && isIn(filters.state, one) && (q === undefined || `${one.key} ${one.titles.id} ${one.titles.en}`.toLowerCase().includes(q)))
  const names = data?.names ?? {}
  return (
    <PageFrame title={titles('templates')} about={text('about')}>
      <Group gap="sm" align="flex-end">
        <TextInput type="search" label={text('search')} leftSection={<IconSearch size={16} aria-hidden />} style={{ flex: '1 1 14rem' }} maw={360} value={filters.q ?? ''} onChange={(event) => setFilters({ q: event.currentTarget.value })} />
        <Select label={text('kind')} w={200} clearable placeholder={text('allKinds')} value={filters.kind ?? null} onChange={(value) => setFilters({ kind: value ?? undefined })} data={[...new Set(items.map(({ kind }) => kind))].map((value) => ({ value, label: code('kind', value) }))} />
        <Select label={text('state')} w={200} clearable placeholder={text('allStates')} value={filters.state ?? null} onChange={(value) => setFilters({ state: value ?? undefined })} data={[{ value: 'written', label: text('stateWritten') }, { value: 'faulty', label: text('stateFaulty') }]} />
      </Group>
      <DataList<Template>
        label={text('list')} idOf={(one) => one.key} to={(one) => `/templates/${one.key}`} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('empty'), text: text('emptyText') }}
        list={{ items: found, error, isLoading, isFetching, hasMore: false, isFetchingMore: false, more: () => {}, again: () => void refetch() }}
        columns={[
          { name: 'notice', title: text('notice'), show: (one) => <Stack component="span" gap={2} align="flex-start"><span className="wrap">{one.titles[language]}</span><Code className="wrap">{one.key}</Code></Stack> },
          { name: 'kind', title: text('kind'), show: (one) => code('kind', one.kind) },
          { name: 'channels', title: text('channels'), show: (one) => one.channels.map((channel) => code('channel', channel)).join(', ') },
          { name: 'words', title: text('words'), show: (one) => <Written one={one} /> },
          { name: 'changed', title: text('changed'), show: (one) => <Changed one={one} names={names} /> },
          { name: 'faults', title: text('faults'), align: 'right', show: (one) => (one.faults === 0 ? one.faults : <Badge variant="light" color="orange" tt="none">{one.faults}</Badge>) },
        ]}
      />
    </PageFrame>
  )
}

function isIn(state: string | undefined, one: Template): boolean {
  if (state === 'written') return one.languages.some((of) => of.isWritten)
  return state !== 'faulty' || one.faults > 0
}

function Written({ one }: { one: Template }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const written = one.languages.filter((of) => of.isWritten)
  if (written.length === 0) return <Text span size="sm" c="dimmed">{text('standard')}</Text>
  return <>{written.map((of) => <Text key={of.language} size="sm">{code('language', of.language)}, {text('written', { version: of.version })}</Text>)}</>
}

function Changed({ one, names }: { one: Template; names: TemplateList['names'] }) {
  const text = useTemplateText()
  const last = one.languages.filter((of) => of.changedAt !== null).toSorted((a, b) => b.changedAt!.localeCompare(a.changedAt!))[0]
  if (last === undefined) return <Text span size="sm" c="dimmed">{text('never')}</Text>
  return <Stack gap={0}><Time at={last.changedAt} ago /><Text size="xs" c="dimmed"><Who id={last.changedBy} names={names} /></Text></Stack>
}
