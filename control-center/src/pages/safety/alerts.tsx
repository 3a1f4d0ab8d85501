import { Badge, Card, Group, Skeleton, Stack, Text } from '@mantine/core'
import type { AlertList, CaseView } from '../../../../backend/modules/safety/contract.ts'
import type { Names } from '../../../../backend/modules/audit/contract.ts'
import { useGet } from '../../api/queries.ts'
import { Empty } from '../../parts/empty.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { Due } from './due.tsx'
import { TakeButton } from './take-button.tsx'
import { useCaseText } from './texts.ts'
import { Who } from './who.tsx'

/** The crises that nobody has taken, each with its clock; their number stands in the window's title too. */
export function Page() {
  const titles = useTitles()
  const text = useCaseText()
  const { data, error, refetch } = useGet<AlertList>('alerts', '/alerts', { everyMs: 3000 })
  const count = data?.items.length ?? 0
  return (
    <PageFrame title={count > 0 ? text('alertsTitle', { count }) : titles('alerts')} about={text('alertsAbout')}>
      <ProblemAlert error={error} again={() => void refetch()} />
      {data === undefined && !error && <Skeleton height={120} />}
      {data?.items.length === 0 && <Card withBorder><Empty title={text('alertsEmpty')}>{text('alertsEmptyText')}</Empty></Card>}
      <Stack gap="sm" role="list" aria-label={titles('alerts')}>{data?.items.map((one) => <Alert key={one.id} alert={one} names={data.names} />)}</Stack>
    </PageFrame>
  )
}

function Alert({ alert, names }: { alert: CaseView; names: Names }) {
  const text = useCaseText()
  return (
    <Card withBorder role="listitem">
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={650}>{text(`kind_${alert.kind}`)}</Text>
            {alert.escalations > 0 && <Badge color="red" variant="light" tt="none">{text('escalated', { count: alert.escalations })}</Badge>}
          </Group>
          <Text size="sm">{text('about')}: <Who id={alert.subjectId} names={names} /></Text>
          <Text size="sm" c="dimmed">{text('openedAgo')} <Time at={alert.openedAt} ago /></Text>
          <Group gap={6}><Text size="sm">{text('timeLeft')}:</Text><Due at={alert.dueAt} /></Group>
          <RowLink href={`/cases/${alert.id}`}>{text('openCase')}</RowLink>
        </Stack>
        <TakeButton id={alert.id} />
      </Group>
    </Card>
  )
}
