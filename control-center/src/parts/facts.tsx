import { Box, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** Names and values of one thing, as a description list. A value that is undefined is not shown: the role may not see it. */
export function Facts({ items, cols = 3 }: { items: readonly (readonly [name: string, value: ReactNode])[]; cols?: number }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: cols }} spacing="md" verticalSpacing="sm" m={0}>
      {items.filter(([, value]) => value !== undefined).map(([name, value]) => (
        <Box key={name} style={{ minWidth: 0 }}>
          <Text component="dt" size="xs" c="dimmed">{name}</Text>
          <Text component="dd" m={0} size="sm" className="wrap tabular">{value}</Text>
        </Box>
      ))}
    </SimpleGrid>
  )
}
