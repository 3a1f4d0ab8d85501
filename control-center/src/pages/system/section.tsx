import { Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** A part of the page under a heading of its own. */
export function Section({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <Stack component="section" gap="xs" aria-label={title} style={{ minWidth: 0 }}>
      <Title order={2} size="h5">{title} {beside}</Title>
      {children}
    </Stack>
  )
}
