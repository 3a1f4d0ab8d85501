import { Badge, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { TermList, TermView } from '../../../../backend/modules/moderation/contract.ts'
import { useFilters } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCommon } from '../../texts-common.ts'
import { ImportTerms } from './lexicon-import.tsx'
import { TermHistoryButton } from './lexicon-history.tsx'
import { TestBox } from './lexicon-test.tsx'
import { TERM_KINDS } from './codes.ts'
import { useLexiconText } from './texts.ts'
import { Who } from './who.tsx'

const PAGE = 50

/** The lexicon: a box to try a text, every term with its state, and who changed it. */
export function Page() {
  const titles = useTitles()
  const text = useLexiconText()
  const common = useCommon()
  const [filters, setFilters] = useFilters(['kind', 'state', 'q'] as const)
  const [shown, setShown] = useState(PAGE)
  const { data, error, isLoading, isFetching, refetch } = useGet<TermList>('lexicon', '/lexicon')
  const q = filters.q?.toLowerCase()
  const found = (data?.items ?? []).filter((one) => (filters.kind === undefined || one.kind === filters.kind) && (filters.state === undefined || one.active === (filters.state === 'on')) && (q === undefined || one.term.includes(q)))
  const changed = found.toSorted((a, b) => (b.updatedAt ?? '').localeCompare(a.updatedAt ?? ''))
  const names = data?.names ?? {}
  return (
    <PageFrame title={titles('lexicon')} about={text('about')} acts={<><AddTerm /><ImportTerms /><TermHistoryButton /></>}>
      <TestBox />
      <Group gap="sm" align="flex-end">
        <TextInput label={text('search')} w={240} value={filters.q ?? ''} onChange={(event) => setFilters({ q: event.currentTarget.value })} />
        <Select label={text('kind')} w={170} clearable placeholder={text('allKinds')} value={filters.kind ?? null} onChange={(value) => setFilters({ kind: value ?? undefined })} data={TERM_KINDS.map((value) => ({ value, label: text(value) }))} />
        <Select label={text('state')} w={170} clearable placeholder={text('allStates')} value={filters.state ?? null} onChange={(value) => setFilters({ state: value ?? undefined })} data={[{ value: 'on', label: text('on') }, { value: 'off', label: text('off') }]} />
      </Group>
      <DataList<TermView>
        label={titles('lexicon')} idOf={(one) => `${one.kind} ${one.term}`} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('empty'), text: text('emptyText') }}
        list={{ items: changed.slice(0, shown), error, isLoading, isFetching, hasMore: changed.length > shown, isFetchingMore: false, more: () => setShown((was) => was + PAGE), again: () => void refetch() }}
        columns={[
          { name: 'term', title: text('term'), show: (one) => <Text span size="sm" ff="monospace" className="wrap">{one.term}</Text> },
          { name: 'kind', title: text('kind'), show: (one) => text(one.kind) },
          { name: 'language', title: text('language'), show: (one) => text(one.language) },
          { name: 'state', title: text('state'), show: (one) => <Badge variant="light" color={one.active ? 'green' : 'gray'} tt="none">{one.active ? text('on') : text('off')}</Badge> },
          { name: 'changed', title: text('changed'), show: (one) => (one.updatedAt === null ? text('shipped') : <Stack gap={0}><Time at={one.updatedAt} ago /><Text size="xs" c="dimmed"><Who id={one.updatedBy} names={names} /></Text></Stack>) },
          { name: 'act', title: text('act'), show: (one) => <Group gap={6} wrap="nowrap"><Switch one={one} />{one.updatedAt === null ? null : <TermHistoryButton of={one} />}</Group> },
        ]}
      />
      <Text size="xs" c="dimmed">{common('reasonHint')}</Text>
    </PageFrame>
  )
}

function Switch({ one }: { one: TermView }) {
  const text = useLexiconText()
  return (
    <ActButton
      key={String(one.active)} may="lexicon.write" size="compact-sm" label={one.active ? text('off2') : text('on2')} about={one.active ? text('offAbout') : text('onAbout')} draft={`term-${one.kind}-${one.term}-${one.active}`} done={text('switchDone')} changes={['lexicon']}
      request={({ reason }) => ({ method: 'PUT', path: '/lexicon', body: { kind: one.kind, language: one.language, term: one.term, active: !one.active, reason } })}
    />
  )
}

function AddTerm() {
  const text = useLexiconText()
  return (
    <ActButton
      may="lexicon.write" label={text('add')} about={text('addAbout')} draft="term-new" done={text('addDone')} changes={['lexicon']} variant="filled"
      fields={{
        initial: { kind: 'crisis', language: 'id', term: '' },
        show: (values, set, problemOf) => (
          <>
            <TextInput label={text('term')} description={text('hint')} required value={values.term} error={problemOf('term')} onChange={(event) => set({ term: event.currentTarget.value })} />
            <Group grow>
              <Select label={text('kind')} allowDeselect={false} value={values.kind} onChange={(value) => set({ kind: value ?? 'crisis' })} data={TERM_KINDS.map((value) => ({ value, label: text(value) }))} />
              <Select label={text('language')} allowDeselect={false} value={values.language} onChange={(value) => set({ language: value ?? 'id' })} data={[{ value: 'id', label: text('id') }, { value: 'en', label: text('en') }]} />
            </Group>
          </>
        ),
      }}
      request={({ kind, language, term, reason }) => ({ method: 'PUT', path: '/lexicon', body: { kind, language, term, active: true, reason } })}
    />
  )
}
