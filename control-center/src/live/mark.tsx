import { Badge, Tooltip } from '@mantine/core'
import { useLive } from './provider.tsx'
import { useLiveText } from './texts.ts'

const COLORS = { connecting: 'gray', live: 'green', away: 'red' } as const

/** In the header of every page: whether what is shown is true now. */
export function LiveMark() {
  const text = useLiveText()
  const { state } = useLive()
  return (
    <Tooltip label={text(`${state}About`)}>
      <Badge variant="light" color={COLORS[state]} tt="none" tabIndex={0} role="status" aria-live="polite">{text(state)}</Badge>
    </Tooltip>
  )
}
