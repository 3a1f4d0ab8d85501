import { Alert, Button, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useAct } from '../../api/acts.ts'
import { BackupCodes } from '../../parts/enrol-totp.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { useStaffText } from '../staff/texts.ts'

/** Ten new backup codes for a code of the authenticator. */
export function RenewCodes() {
  const text = useStaffText()
  const act = useAct<{ backupCodes: string[] }>([])
  const [totp, setTotp] = useState('')
  const [codes, setCodes] = useState<string[]>()
  if (codes) return <BackupCodes codes={codes} onDone={() => setCodes(undefined)} />
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act.run('POST', '/auth/totp/backup-codes', { totp: totp.trim() })
    if (!answer) return
    setTotp('')
    setCodes(answer.body.backupCodes)
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <Title order={3} size="h6">{text('newCodes')}</Title>
        <Text size="sm">{text('newCodesAbout')}</Text>
        <TextInput label={text('sixDigits')} name="totp" inputMode="numeric" autoComplete="one-time-code" pattern="\s*\d{6}\s*" required value={totp} onChange={(event) => setTotp(event.currentTarget.value)} />
        {act.problem?.code === 'forbidden' ? <Alert color="red" variant="light" role="alert">{text('wrongCode')}</Alert> : <ProblemAlert error={act.problem} />}
        <Button type="submit" variant="default" loading={act.isRunning}>{text('makeCodes')}</Button>
      </Stack>
    </form>
  )
}
