import { Card, Group, Skeleton, Stack, Text, Timeline, Title } from '@mantine/core'
import type { z } from 'zod'
import type { CaseHistory, caseReply } from '../../../../backend/modules/safety/contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { CaseActs } from './case-acts.tsx'
import { Due } from './due.tsx'
import { Evidence } from './evidence.tsx'
import { useCaseText } from './texts.ts'
import { Who } from './who.tsx'

type Reply = z.output<typeof caseReply>

/** One case: what it is, whose, its clock, its evidence for a reason, and everything that happened to it. */
export function Page() {
  const id = useId()
  const titles = useTitles()
  const text = useCaseText()
  const code = useCode()
  const { data, error, refetch } = useGet<Reply>('cases', `/cases/${id}`, { everyMs: 15_000 })
  if (data === undefined) return <PageFrame title={titles('case')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={160} />}</PageFrame>
  const { case: one, names } = data
  return (
    <PageFrame title={text('caseTitle', { kind: text(`kind_${one.kind}`) })} acts={<CaseActs one={one} />}>
      <ProblemAlert error={error} again={() => void refetch()} />
      <Card withBorder>
        <Facts items={[
          [text('state'), <StateBadge key="state" state={one.state} />],
          [text('due'), one.dueAt === null ? undefined : <Due key="due" at={one.dueAt} />],
          [text('subject'), <Who key="subject" id={one.subjectId} names={names} />],
          [text('reporter'), one.reporterId === null ? undefined : <Who key="reporter" id={one.reporterId} names={names} />],
          [text('openedBy'), one.openedBy === null ? undefined : <Who key="openedBy" id={one.openedBy} names={names} />],
          [text('reportReason'), one.reason === null ? undefined : reasonIn(one.reason, code)],
          [text('opened'), <Time key="opened" at={one.openedAt} />],
          [text('takenBy'), one.takenBy === null ? text('nobody') : <Who key="takenBy" id={one.takenBy} names={names} />],
          [text('takenAt'), one.takenAt === null ? undefined : <Time key="takenAt" at={one.takenAt} />],
          [text('closedAt'), one.closedAt === null ? undefined : <Time key="closedAt" at={one.closedAt} />],
          [text('closedBy'), one.closedBy === null ? undefined : <Who key="closedBy" id={one.closedBy} names={names} />],
          [text('outcome'), one.outcome === null ? undefined : text(`outcome_${one.outcome}`)],
          [text('session'), one.sessionId === null ? undefined : <RowLink key="session" href={`/sessions/${one.sessionId}`}>{one.sessionId}</RowLink>],
          ['', one.escalations === 0 ? undefined : text('escalated', { count: one.escalations })],
        ]}
        />
      </Card>
      <Evidence caseId={one.id} />
      <History id={one.id} />
    </PageFrame>
  )
}

/** Reports come with a code, cases that staff open with a sentence. */
function reasonIn(reason: string, code: (code: string) => string): string {
  return /^[a-z_]+$/.test(reason) ? code(reason) : reason
}

function History({ id }: { id: string }) {
  const text = useCaseText()
  const code = useCode()
  const { data, error, refetch } = useGet<CaseHistory>('cases', `/cases/${id}/history`, { everyMs: 15_000 })
  const wordsFor = (act: string) => {
    const found = text(`act_${act}` as 'act_case.opened')
    return found === `act_${act}` ? code(act) : found
  }
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h5">{text('history')}</Title>
        <ProblemAlert error={error} again={() => void refetch()} />
        {data?.items.length === 0 && <Text size="sm" c="dimmed">{text('historyEmpty')}</Text>}
        <Timeline bulletSize={14} lineWidth={2}>
          {data?.items.map((event) => (
            <Timeline.Item key={`${event.at} ${event.act}`} title={wordsFor(event.act)}>
              <Group gap={6}>
                <Text size="sm" c="dimmed"><Time at={event.at} /> · {event.actorId === null ? text('bySystem') : <Who id={event.actorId} names={data.names} />}</Text>
                {typeof event.details['to'] === 'string' && <Text size="sm">→ <Who id={event.details['to']} names={data.names} /></Text>}
              </Group>
              {event.reason !== null && <Text size="sm" className="wrap">{event.act === 'case.opened' ? reasonIn(event.reason, code) : event.reason}</Text>}
              {event.text !== null && <Text size="sm" className="wrap" style={{ whiteSpace: 'pre-wrap' }}>{event.text}</Text>}
            </Timeline.Item>
          ))}
        </Timeline>
      </Stack>
    </Card>
  )
}
