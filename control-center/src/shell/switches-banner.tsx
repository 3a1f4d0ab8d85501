import { Alert, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { SwitchList } from '../../../backend/modules/settings/contract.ts'
import { useGet } from '../api/queries.ts'
import { RowLink } from '../parts/list.tsx'
import { Time } from '../parts/values.tsx'
import { useSwitchText } from './switch-texts.ts'

/** Over every page while something of the product is closed by hand: nobody should wonder, and nobody forget it. */
export function SwitchesBanner() {
  const text = useSwitchText()
  const { data } = useGet<SwitchList>('settings', '/switches')
  const thrown = data?.items.filter((one) => one.isThrown) ?? []
  if (data === undefined || thrown.length === 0) return null
  return (
    <Alert color={data.maintenance ? 'red' : 'orange'} variant="light" title={text('bannerTitle')} icon={<IconAlertTriangle aria-hidden />} role="status" mb="md">
      <Stack gap={4}>
        {thrown.map((one) => <Text key={one.key} size="sm"><b>{text(`name_${one.key}` as 'name_maintenance')}</b>: {text(`about_${one.key}` as 'about_maintenance')} {one.changedAt !== null && <Time at={one.changedAt} ago />}</Text>)}
        {typeof data.maintenance?.until === 'string' && <Text size="sm">{text('until')} <Time at={data.maintenance.until} /></Text>}
        <RowLink href="/system">{text('toSwitches')}</RowLink>
      </Stack>
    </Alert>
  )
}
