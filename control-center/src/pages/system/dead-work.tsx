import { Code, Stack } from '@mantine/core'
import type { DeadWork as Dead, FailedJobView } from '../../../../backend/modules/staff/system-contract.ts'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { DataList, type Column } from '../../parts/list.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { Section } from './section.tsx'
import { useSystemText } from './texts.ts'

/** Rows of the outbox that were given up after their last try. */
export function DeadWork() {
  const text = useSystemText()
  const common = useCommon()
  const list = useList<Dead>('jobs', '/system/outbox')
  const columns: Column<Dead>[] = [
    { name: 'topic', title: text('topic'), show: ({ topic }) => topic },
    { name: 'ids', title: text('ids'), show: ({ ids }) => <Stack gap={2}>{Object.entries(ids).map(([name, id]) => <Code key={name} className="wrap">{name} {id}</Code>)}</Stack> },
    { name: 'attempts', title: text('attempts'), align: 'right', show: ({ attempts }) => attempts },
    { name: 'error', title: text('error'), show: ({ error }) => error ?? common('none') },
    { name: 'parked', title: text('parked'), show: ({ parkedAt }) => <Time at={parkedAt} ago /> },
    {
      name: 'retry', title: text('retry'),
      show: ({ id }) => (
        <ActButton
          may="parked.replay" label={text('retry')} about={text('retryAbout')} size="xs" draft={`retry-${id}`} changes={['jobs', 'system']} done={text('retried')}
          request={({ reason }) => ({ method: 'POST', path: `/system/outbox/${id}/retry`, body: { reason } })}
        />
      ),
    },
  ]
  return (
    <Section title={text('dead')}>
      <DataList label={text('dead')} list={list} columns={columns} idOf={({ id }) => id} empty={{ title: text('noDead'), text: text('noDeadText') }} />
    </Section>
  )
}

/** Jobs that BullMQ itself gave up. While Valkey is away nothing is known of them, and nothing is asked. */
export function FailedJobs({ isAway }: { isAway: boolean }) {
  const text = useSystemText()
  const common = useCommon()
  const list = useList<FailedJobView>('jobs', '/system/jobs', {}, { enabled: !isAway })
  const columns: Column<FailedJobView>[] = [
    { name: 'job', title: text('job'), show: ({ queue, id }) => `${queue} · ${id}` },
    { name: 'ids', title: text('ids'), show: ({ rowId }) => (rowId === null ? common('none') : <Code className="wrap">{rowId}</Code>) },
    { name: 'reason', title: text('reason'), show: ({ reason }) => reason ?? common('none') },
    { name: 'at', title: text('at'), show: ({ failedAt }) => <Time at={failedAt} ago /> },
    {
      name: 'retry', title: text('retry'),
      show: ({ queue, id }) => (
        <ActButton
          may="parked.replay" label={text('retry')} about={text('retryAbout')} size="xs" draft={`retry-${queue}-${id}`} changes={['jobs', 'system']} done={text('retried')}
          request={({ reason }) => ({ method: 'POST', path: `/system/jobs/${id}/retry`, body: { queue, reason } })}
        />
      ),
    },
  ]
  return (
    <Section title={text('failed')}>
      {isAway
        ? <Empty title={text('queuesAway')}>{text('queuesAwayText')}</Empty>
        : <DataList label={text('failed')} list={list} columns={columns} idOf={({ queue, id }) => `${queue} ${id}`} empty={{ title: text('noFailed'), text: text('noFailedText') }} />}
    </Section>
  )
}
