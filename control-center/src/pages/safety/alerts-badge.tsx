import { Badge as Mark } from '@mantine/core'
import type { AlertList } from '../../../../backend/modules/safety/contract.ts'
import { useGet } from '../../api/queries.ts'
import { useCaseText } from './texts.ts'

/** How many crises wait for somebody, wherever one is in the control center. */
export function Badge() {
  const text = useCaseText()
  const { data } = useGet<AlertList>('alerts', '/alerts', { everyMs: 10_000 })
  const count = data?.items.length ?? 0
  return count === 0 ? null : <Mark color="red" variant="filled" size="sm" circle={count < 10} aria-label={text('alertsTitle', { count })}>{count}</Mark>
}
