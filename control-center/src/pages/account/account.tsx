import { Card, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useKnown, useMe } from '../../api/me.tsx'
import { ChangePassword } from '../../parts/change-password.tsx'
import { EnrolTotp } from '../../parts/enrol-totp.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { SessionsList } from '../staff/sessions-list.tsx'
import { useStaffText } from '../staff/texts.ts'
import { RenewCodes } from './renew-codes.tsx'

/** One's own account: password, second factor, and where one is signed in. */
export function Page() {
  const titles = useTitles()
  const text = useStaffText()
  const code = useCode()
  const { staff } = useMe()
  const { again } = useKnown()
  // What is shown once stays until it was kept, whatever is read meanwhile.
  const [isEnrolling, setEnrolling] = useState(!staff.totpEnrolled)
  return (
    <PageFrame title={titles('account')} about={staff.displayName}>
      <Stack gap="md">
        <Card withBorder><Facts items={[[text('email'), staff.email], [text('role'), code(staff.role)], [text('since'), <Time key="since" at={staff.createdAt} />]]} /></Card>
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Card withBorder>
            <Stack gap="sm">
              <Title order={2} size="h5">{text('password')}</Title>
              <ChangePassword isOwn onDone={() => notifications.show({ color: 'green', message: text('passwordChanged') })} />
            </Stack>
          </Card>
          <Card withBorder>
            <Stack gap="sm">
              <Title order={2} size="h5">{text('totp')}</Title>
              <Text size="sm">{isEnrolling ? text('totpOff') : text('totpOn')}</Text>
              {isEnrolling
                ? (
                    <EnrolTotp
                      onDone={() => {
                        setEnrolling(false)
                        again()
                        notifications.show({ color: 'green', message: text('enrolled2') })
                      }}
                    />
                  )
                : <RenewCodes />}
            </Stack>
          </Card>
        </SimpleGrid>
        <Card withBorder><SessionsList path="/auth/sessions" may="self" isOwn /></Card>
      </Stack>
    </PageFrame>
  )
}
