import { Badge, Text, Tooltip } from '@mantine/core'
import { useNow } from '../api/server-time.ts'
import { useFormat } from '../format.ts'
import { useCode, useCommon } from '../texts-common.ts'

const COLORS: Record<string, string> = {
  active: 'green', approved: 'green', paid: 'green', succeeded: 'green', applied: 'blue', up: 'green', online: 'green', ended: 'gray', closed: 'gray',
  queued: 'blue', held: 'yellow', ringing: 'violet', waiting: 'yellow', pending: 'yellow', open: 'orange', taken: 'blue', paused: 'orange',
  cancelled: 'gray', expired: 'gray', unserved: 'red', rejected: 'red', deactivated: 'red', failed: 'red', parked: 'orange', down: 'red',
}

/** A state in words; colour only repeats them. */
export function StateBadge({ state, color }: { state: string; color?: string }) {
  const code = useCode()
  return <Badge variant="light" color={color ?? COLORS[state] ?? 'gray'} tt="none">{code(state)}</Badge>
}

/** A time, in Jakarta; `ago` says how long that is, the whole of it on hover and focus. */
export function Time({ at, ago = false }: { at: string | null | undefined; ago?: boolean }) {
  const format = useFormat()
  const text = useCommon()
  if (at === null || at === undefined) return <>{text('none')}</>
  return ago ? <Ago at={at} /> : <time dateTime={at}>{format.dateTime(at)}</time>
}

function Ago({ at }: { at: string }) {
  const format = useFormat()
  const now = useNow(10_000)
  return <Tooltip label={format.dateTime(at)}><time dateTime={at} tabIndex={0}>{format.ago(at, now)}</time></Tooltip>
}

export function Money({ idr }: { idr: number | null | undefined }) {
  const format = useFormat()
  const text = useCommon()
  return <span className="tabular">{idr === null || idr === undefined ? text('none') : format.idr(idr)}</span>
}

/** A name, or the end of an id where nobody has a name (yet). */
export function PersonName({ name, id }: { name: string | null | undefined; id: string }) {
  return name === null || name === undefined || name === '' ? <Text span size="sm" c="dimmed" ff="monospace">…{id.slice(-8)}</Text> : <>{name}</>
}

/** The milliseconds until or since a time, each second. */
export function Clock({ until }: { until: string }) {
  const format = useFormat()
  const now = useNow()
  return <span className="tabular" role="timer" aria-live="off">{format.clock(Date.parse(until) - now)}</span>
}
