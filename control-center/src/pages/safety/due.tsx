import { Group, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useNow } from '../../api/server-time.ts'
import { Clock } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useCaseText } from './texts.ts'

/** How long until somebody should have acted; over its time it says so in words. */
export function Due({ at }: { at: string | null }) {
  const text = useCaseText()
  const common = useCommon()
  const now = useNow()
  if (at === null) return <>{common('none')}</>
  const isOver = Date.parse(at) <= now
  return (
    <Group gap={4} wrap="nowrap" component="span">
      {isOver && <IconAlertTriangle size={16} aria-hidden />}
      <Text span size="sm" {...(isOver ? { c: 'red', fw: 600 } : {})}>{isOver ? `${text('overTime')} ` : ''}<Clock until={at} /></Text>
    </Group>
  )
}
