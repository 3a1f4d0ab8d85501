import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { asProblem } from '../api/problem.ts'
import { useCommon } from '../texts-common.ts'

const EXPLAINED = ['network', 'forbidden', 'not_found', 'conflict', 'rate_limited', 'unauthenticated', 'maintenance', 'internal', 'approval_self'] as const

/** Says what was refused and why, with the number that finds it in the logs. */
export function ProblemAlert({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  const text = useCommon()
  if (error === undefined || error === null) return null
  const problem = asProblem(error)
  const code = EXPLAINED.find((known) => known === problem.code) ?? (problem.status === 409 ? 'conflict' : undefined)
  return (
    <Alert color="red" variant="light" title={text('problemTitle')} icon={<IconAlertTriangle aria-hidden />} role="alert">
      <Stack gap="xs">
        {code !== undefined && <Text size="sm">{text(`problem_${code}`)}</Text>}
        {problem.code !== 'network' && <Text size="sm">{problem.message}</Text>}
        {problem.errors.length > 0 && (
          <List size="sm">
            {problem.errors.map((field) => <List.Item key={`${field.path} ${field.code}`}><Code>{field.path}</Code> {field.message}</List.Item>)}
          </List>
        )}
        <Group gap="md">
          {again !== undefined && <Button size="compact-sm" variant="light" color="red" onClick={again}>{text('again')}</Button>}
          {problem.requestId !== undefined && <Text size="xs" c="dimmed" className="wrap">{text('requestId', { id: problem.requestId })}</Text>}
        </Group>
      </Stack>
    </Alert>
  )
}
