import { Badge as Count } from '@mantine/core'
import type { z } from 'zod'
import type { waitingReply } from '../../../../backend/modules/staff/approval-contract.ts'
import { useGet } from '../../api/queries.ts'
import { usePayoutText } from './texts-payouts.ts'

type Waiting = z.output<typeof waitingReply>

function useWaiting(count: (waiting: Waiting) => number): number {
  const { data } = useGet<Waiting>('approvals', '/waiting', { everyMs: 30_000 })
  return data === undefined ? 0 : count(data)
}

function Waits({ count }: { count: number }) {
  const text = usePayoutText()
  return count === 0 ? null : <Count size="sm" variant="light" color="orange" tt="none" aria-label={text('waitingCount', { count })}>{count > 99 ? '99+' : count}</Count>
}

/** How many wait for somebody else than who looks; one's own are for others. */
export function Approvals() {
  return <Waits count={useWaiting((waiting) => waiting.approvals.waiting - waiting.approvals.own)} />
}

export function Parked() {
  return <Waits count={useWaiting((waiting) => waiting.parked)} />
}

export function Suspended() {
  return <Waits count={useWaiting((waiting) => waiting.suspense)} />
}

export function Holds() {
  return <Waits count={useWaiting((waiting) => waiting.walletHolds)} />
}

export function Payouts() {
  return <Waits count={useWaiting((waiting) => waiting.payouts)} />
}
