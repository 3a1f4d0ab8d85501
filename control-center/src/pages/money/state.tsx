import { StateBadge } from '../../parts/values.tsx'
import { useCode } from './codes.ts'

const COLORS: Readonly<Record<string, string>> = {
  creating: 'blue', pending: 'yellow', paid: 'green', expired: 'gray', failed: 'red', requested: 'orange', approved: 'green', succeeded: 'green', cancelled: 'gray', sent: 'blue', reversed: 'red', draft: 'gray', submitted: 'yellow', rejected: 'red',
  open: 'orange', resolved: 'green', waiting: 'orange', released: 'green', suspended: 'orange', parked: 'orange', received: 'blue', applied: 'green', healed: 'green', active: 'blue',
}

/** A state of money in words; colour only repeats them. */
export function MoneyState({ state, color }: { state: string; color?: string }) {
  const code = useCode()
  return <StateBadge state={code(state)} color={color ?? COLORS[state] ?? 'gray'} />
}
