import { Stack, Text, ThemeIcon } from '@mantine/core'
import { IconInbox } from '@tabler/icons-react'
import type { ReactNode } from 'react'

/** What stands where nothing stands yet: what will be here, and how it comes. */
export function Empty({ title, children, act }: { title: string; children?: ReactNode; act?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md">
      <ThemeIcon size="xl" radius="xl" variant="light" color="gray" aria-hidden><IconInbox /></ThemeIcon>
      <Text fw={600} ta="center">{title}</Text>
      {children !== undefined && <Text size="sm" c="dimmed" ta="center" maw={480}>{children}</Text>}
      {act}
    </Stack>
  )
}
