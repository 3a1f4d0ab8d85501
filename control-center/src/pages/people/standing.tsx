import { Badge } from '@mantine/core'
import type { CustomerForStaff } from '../../../../backend/modules/staff/customer-contract.ts'
import { usePeopleText } from './texts.ts'

const COLORS: Record<CustomerForStaff['standing'], string> = { active: 'green', suspended: 'orange', banned: 'red', erased: 'gray' }

/** How a customer stands, in words. */
export function Standing({ standing }: { standing: CustomerForStaff['standing'] }) {
  const text = usePeopleText()
  return <Badge variant="light" tt="none" color={COLORS[standing]}>{text(`standing_${standing}`)}</Badge>
}
