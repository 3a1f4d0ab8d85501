import { Card, Group, List, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Board } from '../../../../backend/modules/staff/live-contract.ts'
import { useNow } from '../../api/server-time.ts'
import { useFormat } from '../../format.ts'
import { RowLink } from '../../parts/list.tsx'
import { useNowText } from './texts.ts'

/** Work that is due for longer than this is late. */
const LATE_MS = 60_000

/** The numbers of the moment. */
export function Tiles({ board }: { board: Board }) {
  const text = useNowText()
  const format = useFormat()
  const { mitras, queue, sessions, revenue } = board
  const wait = queue.waitSeconds
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: revenue ? 5 : 4 }} spacing="md">
      <Tile name={text('mitras')} value={format.number(mitras.online)}>
        {(['free', 'busy', 'paused', 'unseen', 'onBreak'] as const).filter((one) => one === 'free' || one === 'busy' || mitras[one] > 0).map((one) => text(one, { count: mitras[one] })).join(' · ')}
      </Tile>
      <Tile name={text('queue')} value={format.number(queue.total)}>
        {wait === null ? text('waitNobody') : text('waitNow', { p50: format.duration(wait.p50), p90: format.duration(wait.p90) })}
        {queue.held > 0 ? ` · ${text('held', { count: queue.held })}` : ''}
      </Tile>
      <Tile name={text('sessions')} value={format.number(sessions.active + sessions.paused)}>
        {[...(sessions.paused > 0 ? [text('paused', { count: sessions.paused })] : []), text('ringing', { count: sessions.ringing })].join(' · ')}
      </Tile>
      {revenue && (
        <Tile name={text('revenue')} value={format.idr(revenue.revenueIdr)}>
          {text('earned')} {format.idr(revenue.earnedIdr)} · {text('received')} {format.idr(revenue.receivedIdr)}
        </Tile>
      )}
      <Health board={board} />
    </SimpleGrid>
  )
}

function Tile({ name, value, children }: { name: string; value: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={name}>
      <Text size="sm" c="dimmed">{name}</Text>
      <Text size="xl" fw={700} className="tabular wrap">{value}</Text>
      <Text size="xs" c="dimmed" className="wrap">{children}</Text>
    </Card>
  )
}

function Health({ board }: { board: Board }) {
  const text = useNowText()
  const troubles = useTroubles(board)
  const alive = board.health.replicas.filter(({ isAlive }) => isAlive).length
  const isFine = troubles.length === 0
  return (
    <Card withBorder padding="md" component="section" aria-label={text('health')}>
      <Text size="sm" c="dimmed">{text('health')}</Text>
      <Stack gap={4}>
        <Group gap="xs" wrap="nowrap">
          {isFine ? <IconCircleCheck aria-hidden size={20} /> : <IconAlertTriangle aria-hidden size={20} />}
          <Text fw={700}>{isFine ? text('healthFine') : troubles[0]}</Text>
        </Group>
        {troubles.length > 1 && <List size="xs">{troubles.slice(1).map((trouble) => <List.Item key={trouble}>{trouble}</List.Item>)}</List>}
        <Text size="xs" c="dimmed">{text('replicas', { count: alive })} · <RowLink href="/system">{text('healthLink')}</RowLink></Text>
      </Stack>
    </Card>
  )
}

/** What is not as it should be, the worst first. */
function useTroubles({ health }: Board): string[] {
  const text = useNowText()
  const format = useFormat()
  const now = useNow(5000)
  const alive = health.replicas.filter(({ isAlive }) => isAlive)
  const silent = health.replicas.length - alive.length
  const failed = (health.queues ?? []).reduce((sum, queue) => sum + queue.failed, 0)
  const lateMs = health.outbox.oldestDueAt === null ? 0 : now - Date.parse(health.outbox.oldestDueAt)
  return [
    ...(health.ledger !== null && health.ledger.problems > 0 ? [text('trouble_ledger')] : []),
    ...(health.valkey === 'down' ? [text('trouble_valkey')] : []),
    ...(silent > 0 ? [text('trouble_replica', { count: silent })] : []),
    ...(health.outbox.parked > 0 ? [text('trouble_outbox', { count: health.outbox.parked })] : []),
    ...(lateMs > LATE_MS ? [text('trouble_late', { time: format.duration(lateMs / 1000) })] : []),
    ...(health.inbox.parked > 0 ? [text('trouble_inbox', { count: health.inbox.parked })] : []),
    ...(failed > 0 ? [text('trouble_failed', { count: failed })] : []),
    ...(health.mirrorDrift > 0 ? [text('trouble_drift', { count: health.mirrorDrift })] : []),
    ...(new Set(alive.map(({ settingsVersion }) => settingsVersion)).size > 1 ? [text('trouble_settings')] : []),
  ]
}
