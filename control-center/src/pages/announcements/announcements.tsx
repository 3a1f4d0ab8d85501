import { Select } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { AnnouncementView } from '../../../../backend/modules/announcements/contract.ts'
import { useFilters, useGo } from '../../address.ts'
import { useFormat } from '../../format.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useLanguage } from '../../texts.ts'
import { useNamedList } from '../safety/named-list.ts'
import { Who } from '../safety/who.tsx'
import { Compose } from './compose.tsx'
import { BLANK, bodyOf, type Typed } from './draft.ts'
import { AnnouncementBadge } from './parts.tsx'
import { useAnnouncementText } from './texts.ts'

const STATES = ['draft', 'scheduled', 'running', 'paused', 'done', 'cancelled'] as const satisfies readonly AnnouncementView['state'][]

/** What many people were told at once, or are to be. */
export function Page() {
  const titles = useTitles()
  const text = useAnnouncementText()
  const format = useFormat()
  const language = useLanguage()
  const [{ state }, setFilters] = useFilters(['state'] as const)
  const { list, names } = useNamedList<AnnouncementView>('announcements', '/announcements', state === undefined ? {} : { state }, { everyMs: 5000 })
  return (
    <PageFrame title={titles('announcements')} about={text('about')} acts={<New />}>
      <Select label={text('state')} w={170} clearable placeholder={text('allStates')} value={state ?? null} onChange={(value) => setFilters({ state: value ?? undefined })} data={STATES.map((value) => ({ value, label: text(`state_${value}`) }))} />
      <DataList
        label={text('label')} list={list} idOf={(row) => row.id} to={(row) => `/announcements/${row.id}`} isFiltered={state !== undefined} empty={{ title: text('empty'), text: text('emptyText') }}
        columns={[
          { name: 'title', title: text('titleColumn'), show: (row) => row.texts[language].title },
          { name: 'state', title: text('state'), show: (row) => <AnnouncementBadge state={row.state} /> },
          { name: 'progress', title: text('progress'), align: 'right', show: (row) => (row.counted === null ? text('nothing') : text('toldOf', { told: format.number(row.reached), counted: format.number(row.counted) })) },
          { name: 'created', title: text('created'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'by', title: text('by'), show: (row) => <Who id={row.createdBy} names={names} /> },
        ]}
      />
    </PageFrame>
  )
}

function New() {
  const text = useAnnouncementText()
  const go = useGo()
  return (
    <ActButton<Typed>
      may="announcements.send" label={text('new')} about={text('newAbout')} icon={<IconPlus size={16} aria-hidden />} variant="filled" reason="none"
      fields={{ initial: BLANK, show: (values, set, problemOf) => <Compose values={values} set={set} problemOf={problemOf} /> }}
      request={(values) => ({ method: 'POST', path: '/announcements', body: bodyOf(values) })}
      changes={['announcements']} draft="announcement" done={text('made')}
      onDone={(body) => go(`/announcements/${(body as { announcement: AnnouncementView }).announcement.id}`)} // the contract of the route
    />
  )
}
