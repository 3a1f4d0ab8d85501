import { Badge, Card, Group, Stack, Text, Title } from '@mantine/core'
import type { ReplicaList } from '../../../../backend/modules/settings/contract.ts'
import { useGet } from '../../api/queries.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useSettingText } from './texts.ts'

/** Which replica goes by which settings, asked each second: a change is seen to arrive. */
export function Replicas() {
  const text = useSettingText()
  const { data, error, refetch } = useGet<ReplicaList>('settings', '/settings/replicas', { everyMs: 1000 })
  return (
    <Card withBorder component="section" aria-label={text('replicas')}>
      <Stack gap="xs">
        <div>
          <Title order={2} size="h5">{text('replicas')}</Title>
          {data !== undefined && <Text size="sm" c="dimmed">{text('replicasAbout', { version: data.version })}</Text>}
        </div>
        <ProblemAlert error={error} again={() => void refetch()} />
        <Stack gap={4} role="list" aria-label={text('replicas')}>
          {data?.items.map((one) => (
            <Group key={one.id} gap={8} role="listitem">
              <Text size="sm" ff="monospace" className="wrap">{one.host} · {one.pid}</Text>
              <Badge variant="light" tt="none" color={!one.isAlive ? 'gray' : one.hasAll ? 'green' : 'orange'}>{!one.isAlive ? text('gone') : one.hasAll ? text('has') : text('behind')}</Badge>
              <Text size="xs" c="dimmed" className="tabular">{text('version')} {one.settingsVersion} · {text('seen')} <Time at={one.seenAt} ago /></Text>
            </Group>
          ))}
        </Stack>
      </Stack>
    </Card>
  )
}
