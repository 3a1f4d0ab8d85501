import { Button, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconHandStop } from '@tabler/icons-react'
import { useAct } from '../../api/acts.ts'
import { useMay } from '../../api/me.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { useCaseText } from './texts.ts'

/** Takes a case with one press: in a crisis nobody fills in a form first. */
export function TakeButton({ id }: { id: string }) {
  const text = useCaseText()
  const may = useMay()
  const act = useAct(['alerts', 'cases', 'board'])
  if (!may('safety.act')) return null
  const take = async () => {
    if (await act.run('POST', `/cases/${id}/take`)) notifications.show({ color: 'green', message: text('takenDone') })
  }
  return (
    <Stack gap="xs">
      <Button leftSection={<IconHandStop size={16} aria-hidden />} loading={act.isRunning} onClick={() => void take()}>{text('take')}</Button>
      <ProblemAlert error={act.problem} />
    </Stack>
  )
}
