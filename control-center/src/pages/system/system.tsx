import { Alert, Card, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { SystemReply } from '../../../../backend/modules/staff/system-contract.ts'
import { useMay } from '../../api/me.tsx'
import { useGet, type ListQuery } from '../../api/queries.ts'
import { useFormat } from '../../format.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList, RowLink, type Column } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { DeadWork, FailedJobs } from './dead-work.tsx'
import { Section } from './section.tsx'
import { Switches } from './switches.tsx'
import { useSystemText } from './texts.ts'

const EVERY_MS = 5000

/** What the product stands on, and what did not succeed by itself. */
export function Page() {
  const text = useSystemText()
  const titles = useTitles()
  const may = useMay()
  const system = useGet<SystemReply>('system', '/system', { everyMs: EVERY_MS })
  return (
    <PageFrame title={titles('health')} about={text('about')}>
      <ProblemAlert error={system.error} again={() => void system.refetch()} />
      <Switches />
      {system.data === undefined ? <Skeleton height={320} /> : <State of={system.data} />}
      {may('parked.read') && <DeadWork />}
      {may('parked.read') && <FailedJobs isAway={system.data?.queues === null} />}
    </PageFrame>
  )
}

function State({ of }: { of: SystemReply }) {
  const text = useSystemText()
  const format = useFormat()
  const { host, pid, uptimeSeconds } = of.replica
  return (
    <Stack gap="lg">
      <Replicas replicas={of.replicas} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Part title={text('database')}>
          <Facts cols={2} items={[
            [text('postgresVersion'), of.versions.postgres], [text('schema'), of.versions.schema],
            [text('pool'), text('poolValue', { total: of.postgres.poolTotal, idle: of.postgres.poolIdle, waiting: of.postgres.poolWaiting })],
          ]} />
        </Part>
        <Work of={of} />
        <Mirror drift={of.mirror.drift} />
        <Ledger check={of.ledger} />
      </SimpleGrid>
      <Queues queues={of.queues} status={of.valkey.status} />
      <Text size="xs" c="dimmed">{text('as', { host, pid, node: of.versions.node, up: format.duration(uptimeSeconds) })}</Text>
    </Stack>
  )
}

function Replicas({ replicas }: Pick<SystemReply, 'replicas'>) {
  const text = useSystemText()
  const columns: Column<SystemReply['replicas'][number]>[] = [
    { name: 'host', title: text('host'), show: ({ host, pid }) => `${host} · ${pid}` },
    { name: 'state', title: text('seen'), show: ({ isAlive, seenAt }) => <><StateBadge state={isAlive ? text('alive') : text('silent')} color={isAlive ? 'green' : 'red'} /> {!isAlive && <Time at={seenAt} ago />}</> },
    { name: 'version', title: text('version'), show: ({ version }) => version },
    { name: 'settings', title: text('settingsVersion'), align: 'right', show: ({ settingsVersion }) => settingsVersion },
    { name: 'started', title: text('started'), show: ({ startedAt }) => <Time at={startedAt} ago /> },
  ]
  const versions = new Set(replicas.filter(({ isAlive }) => isAlive).map(({ settingsVersion }) => settingsVersion))
  return (
    <Section title={text('replicas')}>
      {versions.size > 1 && <Alert color="orange" variant="light">{text('settingsDiffer')}</Alert>}
      <DataList label={text('replicas')} list={whole(replicas)} columns={columns} idOf={({ id }) => id} empty={{ title: text('noReplicas'), text: text('noReplicasText') }} />
    </Section>
  )
}

function Queues({ queues, status }: { queues: SystemReply['queues']; status: 'up' | 'down' }) {
  const text = useSystemText()
  const may = useMay()
  const columns: Column<NonNullable<SystemReply['queues']>[number]>[] = [
    { name: 'name', title: text('queue'), show: ({ name }) => name },
    { name: 'waiting', title: text('waitingJobs'), align: 'right', show: ({ waiting }) => waiting },
    { name: 'active', title: text('activeJobs'), align: 'right', show: ({ active }) => active },
    { name: 'delayed', title: text('delayedJobs'), align: 'right', show: ({ delayed }) => delayed },
    { name: 'failed', title: text('failedJobs'), align: 'right', show: ({ failed }) => failed },
  ]
  return (
    <Section title={text('queues')} beside={<><Text span size="sm">{text('valkey')}</Text> <StateBadge state={status} /></>}>
      {queues === null
        ? <Empty title={text('queuesAway')}>{text('queuesAwayText')}</Empty>
        : <DataList label={text('queues')} list={whole(queues)} columns={columns} idOf={({ name }) => name} empty={{ title: text('queuesAway'), text: text('queuesAwayText') }} />}
      {/* Its pages are not ours: a whole load, in a window of their own. */}
      {may('settings.write') && <a href="/queues" target="_blank" rel="noreferrer" style={{ color: 'var(--mantine-color-anchor)' }}>{text('board')}</a>}
    </Section>
  )
}

function Work({ of }: { of: SystemReply }) {
  const text = useSystemText()
  const may = useMay()
  return (
    <Part title={text('work')}>
      <Facts cols={2} items={[
        [text('outboxWaiting'), of.outbox.waiting],
        [text('oldest'), of.outbox.oldestDueAt === null ? text('nothingDue') : <Time at={of.outbox.oldestDueAt} ago />],
        [text('given'), of.outbox.parked], [text('inboxWaiting'), of.inbox.waiting], [text('inboxParked'), of.inbox.parked],
      ]} />
      {may('parked.read') && <RowLink href="/parked">{text('inboxLink')}</RowLink>}
    </Part>
  )
}

function Mirror({ drift }: { drift: number }) {
  const text = useSystemText()
  return (
    <Part title={text('mirror')}>
      <Facts cols={2} items={[[text('drift'), drift === 0 ? text('driftNone') : drift]]} />
      <ActButton
        may="settings.write" label={text('reseed')} about={text('reseedAbout')} reason="none" draft="reseed" changes={['system']} done={text('reseeded')}
        request={() => ({ method: 'POST', path: '/system/reseed' })}
      />
    </Part>
  )
}

function Ledger({ check }: { check: SystemReply['ledger'] }) {
  const text = useSystemText()
  const may = useMay()
  return (
    <Part title={text('ledger')}>
      {check === null
        ? <Text size="sm">{text('ledgerNever')}</Text>
        : <Facts cols={2} items={[[text('checked'), <Time key="checked" at={check.checkedAt} ago />], [check.problems === 0 ? text('ledgerOk') : text('ledgerWrong', { count: check.problems }), check.problems === 0 ? '✓' : <Money key="drift" idr={check.driftIdr} />]]} />}
      {may('ledger.read') && <RowLink href="/ledger">{text('ledgerLink')}</RowLink>}
    </Part>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Stack gap="sm" align="flex-start"><Title order={2} size="h5">{title}</Title>{children}</Stack>
    </Card>
  )
}

/** A list that came whole with something else. */
function whole<T>(items: readonly T[]): ListQuery<T> {
  return { items: [...items], error: null, isLoading: false, isFetching: false, hasMore: false, isFetchingMore: false, more: () => {}, again: () => {} }
}
