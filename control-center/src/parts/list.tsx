import { Box, Button, Card, Group, Skeleton, Stack, Table, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { useGo } from '../address.ts'
import type { ListQuery } from '../api/queries.ts'
import { useCommon } from '../texts-common.ts'
import { Empty } from './empty.tsx'
import { ProblemAlert } from './problem.tsx'

export type Column<T> = {
  name: string
  title: string
  show: (row: T) => ReactNode
  /** Numbers and money stand right. */
  align?: 'right'
}

type Props<T> = {
  /** What the table is of, for those who hear it. */
  label: string
  list: ListQuery<T>
  columns: readonly Column<T>[]
  idOf: (row: T) => string
  /** Where a row leads; its first column becomes the link. */
  to?: (row: T) => string
  /** Whether filters are set: then nothing found means something else. */
  isFiltered?: boolean
  empty: { title: string; text: ReactNode; act?: ReactNode }
}

/** Rows with a first column that leads on, page by page; cards where the window is narrow. */
export function DataList<T>({ label, list, columns, idOf, to, isFiltered = false, empty }: Props<T>) {
  const text = useCommon()
  const isNarrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  if (list.isLoading) return <Stack gap="xs" aria-busy="true" aria-label={text('loading')} role="status">{[1, 2, 3, 4].map((row) => <Skeleton key={row} height={36} />)}</Stack>
  if (list.error && list.items.length === 0) return <ProblemAlert error={list.error} again={list.again} />
  if (list.items.length === 0) {
    return isFiltered ? <Empty title={text('nothingFound')}>{text('nothingFoundHint')}</Empty> : <Empty title={empty.title} act={empty.act}>{empty.text}</Empty>
  }
  const first = (row: T, shown: ReactNode) => (to ? <RowLink href={to(row)}>{shown}</RowLink> : shown)
  return (
    <Stack gap="sm">
      {list.error && <ProblemAlert error={list.error} again={list.again} />}
      {isNarrow
        ? (
            <Stack gap="xs" role="list" aria-label={label}>
              {list.items.map((row) => (
                <Card key={idOf(row)} withBorder padding="sm" role="listitem">
                  {columns.map((column, index) => (
                    <Group key={column.name} justify="space-between" gap="sm" wrap="nowrap" align="flex-start" mt={index === 0 ? 0 : 4}>
                      {index > 0 && <Text size="sm" c="dimmed">{column.title}</Text>}
                      <Box className="wrap tabular" fz="sm" {...(index > 0 ? { ta: 'right' as const } : { fw: 600 })}>{index === 0 ? first(row, column.show(row)) : column.show(row)}</Box>
                    </Group>
                  ))}
                </Card>
              ))}
            </Stack>
          )
        : (
            <Table.ScrollContainer minWidth={600} type="native" tabIndex={0} role="region" aria-label={label}>
              <Table highlightOnHover striped="even">
                <Table.Thead>
                  <Table.Tr>{columns.map((column) => <Table.Th key={column.name} scope="col" {...(column.align ? { ta: column.align } : {})}>{column.title}</Table.Th>)}</Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.items.map((row) => (
                    <Table.Tr key={idOf(row)}>
                      {columns.map((column, index) => (
                        <Table.Td key={column.name} className="tabular" {...(column.align ? { ta: column.align } : {})}>{index === 0 ? first(row, column.show(row)) : column.show(row)}</Table.Td>
                      ))}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
      {list.hasMore && <Group justify="center"><Button variant="default" onClick={list.more} loading={list.isFetchingMore}>{text('more')}</Button></Group>}
    </Stack>
  )
}

/** A link inside of the control center: with the keyboard, in a new tab, and without loading everything again. */
export function RowLink({ href, children }: { href: string; children: ReactNode }) {
  const go = useGo()
  return (
    <a
      href={href}
      style={{ color: 'var(--mantine-color-anchor)', textDecoration: 'none' }}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        go(href)
      }}
    >
      {children}
    </a>
  )
}
