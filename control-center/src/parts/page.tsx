import { Group, Stack, Text, Title } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'

/** A page: its one heading, what it is for, its acts. */
export function PageFrame({ title, about, acts, children }: { title: string; about?: ReactNode; acts?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · halobestie`
  }, [title])
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} style={{ minWidth: 0, flex: '1 1 16rem' }}>
          <Title order={1} size="h3" className="wrap">{title}</Title>
          {about !== undefined && <Text size="sm" c="dimmed">{about}</Text>}
        </Stack>
        {acts !== undefined && <Group gap="xs">{acts}</Group>}
      </Group>
      {children}
    </Stack>
  )
}
