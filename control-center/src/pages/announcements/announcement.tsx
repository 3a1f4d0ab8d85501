import { Alert, Button, Card, Group, Progress, SimpleGrid, Skeleton, Text } from '@mantine/core'
import { IconHourglass } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { AnnouncementView, DryRunView, WaveView } from '../../../../backend/modules/announcements/contract.ts'
import type { AnnouncementRecord } from '../../../../backend/modules/staff/announcement-contract.ts'
import { useId } from '../../address.ts'
import { useAct } from '../../api/acts.ts'
import { useGet } from '../../api/queries.ts'
import { useFormat } from '../../format.ts'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useLanguage } from '../../texts.ts'
import { listOf } from '../money/parts.tsx'
import { Who } from '../safety/who.tsx'
import { Acts } from './acts.tsx'
import { AnnouncementBadge, Part, Preview } from './parts.tsx'
import { useAnnouncementText } from './texts.ts'

/** One announcement: its words, how many it tells, how far it is, and what became of its pushes. */
export function Page() {
  const titles = useTitles()
  const text = useAnnouncementText()
  const format = useFormat()
  const language = useLanguage()
  const id = useId()
  const { data, error, refetch } = useGet<AnnouncementRecord>('announcements', `/announcements/${id}`, { everyMs: 2000 })
  // A count is of the words and the segment that stood then.
  const [count, setCount] = useState<{ version: number; size: DryRunView }>()
  if (!data || data.announcement.id !== id) return <PageFrame title={titles('announcement')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={240} aria-busy="true" />}</PageFrame>
  const { announcement, names } = data
  const { texts, schedule, version } = announcement
  const counted = count?.version === version ? count.size : undefined
  return (
    <PageFrame title={texts[language].title} about={<AnnouncementBadge state={announcement.state} />} acts={<Acts announcement={announcement} counted={counted} />}>
      {error && <ProblemAlert error={error} again={() => void refetch()} />}
      {data.waitsForPushes && (announcement.state === 'running' || announcement.state === 'scheduled') && <Alert variant="light" color="yellow" icon={<IconHourglass aria-hidden />}>{text('waitsForPushes')}</Alert>}
      {announcement.counted !== null && <Progressed announcement={announcement} counted={announcement.counted} />}
      {announcement.state === 'draft' && <DryRun announcement={announcement} counted={counted} setCounted={(size) => setCount({ version, size })} />}
      <Part title={text('preview')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Preview label={text('indonesian')} {...texts.id} />
          <Preview label={text('english')} {...texts.en} />
        </SimpleGrid>
      </Part>
      <Card withBorder>
        <Facts items={[
          [text('kind'), text(announcement.segment.kind === undefined ? 'everybody' : announcement.segment.kind === 'mitra' ? 'mitras' : 'customers')], [text('language'), text(announcement.segment.language === undefined ? 'anyLanguage' : announcement.segment.language === 'id' ? 'indonesian' : 'english')],
          [text('zones'), announcement.segment.timeZones?.join(', ')], [text('activeDays'), announcement.segment.activeDays], [text('joinedFrom'), announcement.segment.joinedFrom], [text('joinedUntil'), announcement.segment.joinedUntil],
          [text('platforms'), announcement.segment.platforms?.join(', ')], [text('ids'), announcement.segment.userIds?.length],
          [text('channels'), announcement.channels.map((channel) => text(channel)).join(', ')], [text('scheduledFor'), schedule.when === 'now' ? text('now') : schedule.when === 'at' ? <Time key="at" at={schedule.at} /> : `${text('local')}: ${schedule.at.replace('T', ' ')}`],
          [text('perMinute'), announcement.perMinute === null ? text('nothing') : format.number(announcement.perMinute)], [text('expires'), <Time key="expires" at={announcement.expiresAt} />], [text('link'), announcement.link ?? text('nothing')],
          [text('created'), <Time key="created" at={announcement.createdAt} />], [text('by'), <Who key="by" id={announcement.createdBy} names={names} />], [text('began'), <Time key="began" at={announcement.startedAt} />], [text('ended'), <Time key="ended" at={announcement.endedAt} />],
        ]}
        />
      </Card>
      {announcement.scheduledAt !== null && <Waves waves={data.waves} />}
      {announcement.startedAt !== null && announcement.channels.includes('push') && <PushFigures record={data} />}
    </PageFrame>
  )
}

type Mark = { at: number; reached: number }
/** The rate is of about the last half minute. */
const MARKS = 15

function Progressed({ announcement, counted }: { announcement: AnnouncementView; counted: number }) {
  const text = useAnnouncementText()
  const format = useFormat()
  const { reached, state, endReason } = announcement
  const [marks, setMarks] = useState<readonly Mark[]>([])
  useEffect(() => {
    const note = () => setMarks((was) => [...was, { at: Date.now(), reached }].slice(-MARKS))
    note()
    const timer = setInterval(note, 2000)
    return () => clearInterval(timer)
  }, [reached])
  const [first, last] = [marks[0], marks.at(-1)]
  const perMinute = first && last && last.at > first.at ? (last.reached - first.reached) / (last.at - first.at) * 60_000 : 0
  const share = counted === 0 ? 100 : Math.min(100, reached / counted * 100)
  const isRunning = state === 'running'
  return (
    <Part title={text('progress')}>
      <Progress value={share} size="lg" animated={isRunning} aria-label={text('toldOf', { told: format.number(reached), counted: format.number(counted) })} />
      <Facts cols={4} items={[
        [text('told'), format.number(reached)], [text('counted'), format.number(counted)],
        [text('rate'), isRunning ? format.number(perMinute) : undefined], [text('left'), isRunning && perMinute > 0 ? format.duration(Math.max(0, counted - reached) / perMinute * 60) : undefined],
      ]}
      />
      {endReason === 'expired' && <Text size="sm">{text('endedExpired')}</Text>}
    </Part>
  )
}

function DryRun({ announcement, counted, setCounted }: { announcement: AnnouncementView; counted: DryRunView | undefined; setCounted: (counted: DryRunView) => void }) {
  const text = useAnnouncementText()
  const format = useFormat()
  const act = useAct<DryRunView>([])
  const count = async () => {
    const answer = await act.run('POST', '/announcements/dry-run', { segment: announcement.segment, texts: announcement.texts })
    if (answer) setCounted(answer.body)
  }
  return (
    <Part title={text('dryRunTitle')}>
      <Group><Button variant="light" loading={act.isRunning} onClick={() => void count()}>{text('dryRun')}</Button><Text size="sm" c="dimmed" flex="1 1 12rem">{text('dryRunAbout')}</Text></Group>
      <ProblemAlert error={act.problem} />
      {counted && (
        <Facts items={[
          [text('people'), format.number(counted.people)],
          [text('inIndonesian'), format.number(counted.languages.id)], [text('inEnglish'), format.number(counted.languages.en)],
          [text('withDevice'), format.number(counted.withDevice)], [text('pushesOff'), format.number(counted.pushesOff)], [text('quiet'), format.number(counted.inQuietHours)],
        ]}
        />
      )}
    </Part>
  )
}

function Waves({ waves }: { waves: readonly WaveView[] }) {
  const text = useAnnouncementText()
  const format = useFormat()
  return (
    <Part title={text('waves')}>
      <DataList
        label={text('wave')} list={listOf(waves)} idOf={(wave) => String(wave.place)} empty={{ title: text('wavesEmpty'), text: text('wavesEmptyText') }}
        columns={[
          { name: 'zone', title: text('wave'), show: (wave) => wave.timeZone ?? text(wave.isLast ? 'lastWave' : 'allZones') },
          { name: 'state', title: text('state'), show: (wave) => <AnnouncementBadge state={wave.state} /> },
          { name: 'due', title: text('due'), show: (wave) => <Time at={wave.dueAt} /> },
          { name: 'reached', title: text('told'), align: 'right', show: (wave) => format.number(wave.reached) },
          { name: 'done', title: text('done'), show: (wave) => <Time at={wave.doneAt} /> },
        ]}
      />
    </Part>
  )
}

function PushFigures({ record: { figures, figuresAt } }: { record: AnnouncementRecord }) {
  const text = useAnnouncementText()
  const format = useFormat()
  return (
    <Part title={text('figures')}>
      {figures === null
        ? <Text size="sm" c="dimmed">{text('figuresEmpty')}</Text>
        : <Facts cols={4} items={[...(['queued', 'accepted', 'delivered', 'opened', 'failed', 'dropped'] as const).map((name) => [text(name), format.number(figures[name])] as const), [text('figuresAt'), <Time key="at" at={figuresAt} />]]} />}
    </Part>
  )
}
