import { Group, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { CASE_KINDS, CASE_STATES } from './codes.ts'
import type { CaseView } from '../../../../backend/modules/safety/contract.ts'
import { useFilters, useGo } from '../../address.ts'
import { useMe } from '../../api/me.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode, useCommon } from '../../texts-common.ts'
import { useAssignees } from './assignees.ts'
import { Due } from './due.tsx'
import { useNamedList } from './named-list.ts'
import { useCaseText } from './texts.ts'
import { Who } from './who.tsx'

const FILTERS = ['state', 'kind', 'takenBy', 'late', 'order', 'personId'] as const

/** Cases by state, kind, whoever has them, and lateness. */
export function Page() {
  const titles = useTitles()
  const text = useCaseText()
  const common = useCommon()
  const code = useCode()
  const { staff } = useMe()
  const [filters, setFilters] = useFilters(FILTERS)
  const state = filters.state ?? 'unclosed'
  const { list, names } = useNamedList<CaseView>('cases', '/cases', { ...filters, state: state === 'all' ? undefined : state }, { everyMs: 15_000 })
  const assignees = useAssignees()
  return (
    <PageFrame title={titles('cases')} about={text('casesAbout')} acts={<NewCase />}>
      <Group gap="sm" align="flex-end">
        <Select
          label={text('state')} w={170} allowDeselect={false} value={state} onChange={(value) => setFilters({ state: value === 'unclosed' ? undefined : value ?? undefined })}
          data={[{ value: 'unclosed', label: text('unclosed') }, ...CASE_STATES.map((value) => ({ value, label: code(value) })), { value: 'all', label: common('all') }]}
        />
        <Select label={text('kind')} w={170} clearable placeholder={common('all')} value={filters.kind ?? null} onChange={(value) => setFilters({ kind: value ?? undefined })} data={CASE_KINDS.map((value) => ({ value, label: text(`kind_${value}`) }))} />
        <Select
          label={text('whoHas')} w={200} clearable searchable placeholder={common('all')} value={filters.takenBy ?? null} onChange={(value) => setFilters({ takenBy: value ?? undefined })}
          data={[{ value: staff.id, label: text('mine') }, ...assignees.filter(({ id }) => id !== staff.id).map(({ id, displayName }) => ({ value: id, label: displayName }))]}
        />
        <Select label={text('order')} w={160} allowDeselect={false} value={filters.order ?? 'newest'} onChange={(value) => setFilters({ order: value === 'oldest' ? value : undefined })} data={[{ value: 'newest', label: text('newest') }, { value: 'oldest', label: text('oldest') }]} />
        <Switch label={text('late')} checked={filters.late === 'true'} onChange={(event) => setFilters({ late: event.currentTarget.checked ? 'true' : undefined })} mb={8} />
      </Group>
      <DataList<CaseView>
        label={titles('cases')} list={list} idOf={(one) => one.id} to={(one) => `/cases/${one.id}`}
        isFiltered={Object.keys(filters).length > 0}
        empty={{ title: text('casesEmpty'), text: text('casesEmptyText') }}
        columns={[
          { name: 'kind', title: text('kind'), show: (one) => text(`kind_${one.kind}`) },
          { name: 'state', title: text('state'), show: (one) => <StateBadge state={one.state} /> },
          { name: 'subject', title: text('subject'), show: (one) => <Who id={one.subjectId} names={names} /> },
          { name: 'takenBy', title: text('takenBy'), show: (one) => <Who id={one.takenBy} names={names} /> },
          { name: 'due', title: text('due'), show: (one) => <Due at={one.dueAt} /> },
          { name: 'opened', title: text('opened'), show: (one) => <Time at={one.openedAt} ago /> },
        ]}
      />
    </PageFrame>
  )
}

function NewCase() {
  const text = useCaseText()
  const go = useGo()
  return (
    <ActButton
      may="safety.act" label={text('newCase')} about={text('newCaseAbout')} draft="case-new" done={text('newCaseDone')} changes={['cases']}
      fields={{
        initial: { subjectId: '', sessionId: '', note: '' },
        show: (values, set, problemOf) => (
          <>
            <TextInput label={text('subjectId')} required value={values.subjectId} error={problemOf('subjectId')} onChange={(event) => set({ subjectId: event.currentTarget.value })} />
            <TextInput label={text('sessionId')} value={values.sessionId} error={problemOf('sessionId')} onChange={(event) => set({ sessionId: event.currentTarget.value })} />
            <Textarea label={text('note')} autosize minRows={2} maxLength={2000} value={values.note} error={problemOf('note')} onChange={(event) => set({ note: event.currentTarget.value })} />
          </>
        ),
      }}
      request={({ subjectId, sessionId, note, reason }) => ({
        method: 'POST', path: '/cases',
        body: { subjectId: subjectId.trim(), reason, ...(sessionId.trim() === '' ? {} : { sessionId: sessionId.trim() }), ...(note.trim() === '' ? {} : { note: note.trim() }) },
      })}
      onDone={(body) => go(`/cases/${(body as { case: CaseView }).case.id}`)} // the contract of the route
    />
  )
}
