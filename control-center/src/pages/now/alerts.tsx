import { Alert, Badge, Group, Stack, Text } from '@mantine/core'
import { IconUrgent } from '@tabler/icons-react'
import type { Board } from '../../../../backend/modules/staff/live-contract.ts'
import { useFormat } from '../../format.ts'
import { RowLink } from '../../parts/list.tsx'
import { Clock, PersonName } from '../../parts/values.tsx'
import { useNowText } from './texts.ts'

const SHOWN = 5

/** Crises that nobody has taken, above everything else. */
export function Alerts({ alerts }: { alerts: NonNullable<Board['alerts']> }) {
  const text = useNowText()
  const format = useFormat()
  if (alerts.total === 0) return null
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconUrgent aria-hidden />} title={text('alertsTitle', { count: alerts.total })}>
      <Stack gap="xs">
        {alerts.items.slice(0, SHOWN).map((alert) => (
          <Group key={alert.id} gap="sm">
            <Text size="sm"><PersonName name={alert.subject.displayName} id={alert.subject.id} /> · {format.time(alert.openedAt)}</Text>
            {alert.acknowledgeBy !== null && <Text size="sm">{text('alertLeft')} <Clock until={alert.acknowledgeBy} /></Text>}
            {alert.escalations > 0 && <Badge color="red" variant="light" tt="none">{text('alertEscalated', { count: alert.escalations })}</Badge>}
          </Group>
        ))}
        <RowLink href="/alerts">{text('alertsLink')}</RowLink>
      </Stack>
    </Alert>
  )
}
