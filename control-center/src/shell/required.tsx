import { Title } from '@mantine/core'
import { useKnown, type Me } from '../api/me.tsx'
import { ChangePassword } from '../parts/change-password.tsx'
import { EnrolTotp } from '../parts/enrol-totp.tsx'
import { useShellText } from './texts.ts'

/** What must be done before anything else: a password of one's own, then an authenticator. */
export function Required({ steps }: { steps: Me['required'] }) {
  const text = useShellText()
  const { again } = useKnown()
  const step = steps.includes('password') ? 'password' : 'totp'
  return (
    <>
      <Title order={2} size="h4">{step === 'password' ? text('stepPassword') : text('stepTotp')}</Title>
      {step === 'password' ? <ChangePassword onDone={again} /> : <EnrolTotp onDone={again} />}
    </>
  )
}
