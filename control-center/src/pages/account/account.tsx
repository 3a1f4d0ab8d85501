import { Card, Stack } from '@mantine/core'
import { useMe } from '../../api/me.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { useShellText } from '../../shell/texts.ts'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'

/** One's own account. */
export function Page() {
  const titles = useTitles()
  const text = useShellText()
  const code = useCode()
  const { staff } = useMe()
  return (
    <PageFrame title={titles('account')} about={staff.displayName}>
      <Stack>
        <Card withBorder><Facts items={[[text('email'), staff.email], [text('role'), code(staff.role)]]} /></Card>
      </Stack>
    </PageFrame>
  )
}
