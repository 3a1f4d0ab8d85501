import { Card, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { StateBadge } from '../../parts/values.tsx'
import { useAnnouncementText } from './texts.ts'

const COLORS = { draft: 'gray', scheduled: 'blue', running: 'green', paused: 'orange', done: 'gray', cancelled: 'gray', waiting: 'yellow' } as const

/** How far an announcement or one of its waves is. */
export function AnnouncementBadge({ state }: { state: keyof typeof COLORS }) {
  const text = useAnnouncementText()
  return <StateBadge state={text(`state_${state}`)} color={COLORS[state]} />
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return <Card withBorder component="section" aria-label={title}><Stack gap="sm"><Title order={2} size="h5">{title}</Title>{children}</Stack></Card>
}

/** What a phone shows of it, locked. */
export function Preview({ label, title, body }: { label: string; title: string; body: string }) {
  return (
    <Card withBorder radius="lg" padding="sm" role="figure" aria-label={label}>
      <Text size="xs" c="dimmed">halobestie · {label}</Text>
      <Text size="sm" fw={600} className="wrap" lineClamp={1}>{title === '' ? '…' : title}</Text>
      <Text size="sm" className="wrap" lineClamp={4} style={{ whiteSpace: 'pre-line' }}>{body === '' ? '…' : body}</Text>
    </Card>
  )
}
