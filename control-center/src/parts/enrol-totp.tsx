import { Anchor, Button, Code, CopyButton, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { lazy, Suspense, useState, type FormEvent } from 'react'
import { useAct } from '../api/acts.ts'
import { useShellText } from '../shell/texts.ts'
import { useCommon } from '../texts-common.ts'
import { ProblemAlert } from './problem.tsx'

// Drawn only where somebody enrols: the sign-in is loaded without it.
const QrCode = lazy(async () => ({ default: (await import('./qr-code.tsx')).QrCode }))

/** A key for an authenticator app, the code that proves it, and ten backup codes that are shown once. */
export function EnrolTotp({ onDone }: { onDone: () => void }) {
  const text = useShellText()
  const enrol = useAct<{ secret: string; uri: string }>([])
  const confirm = useAct<{ backupCodes: string[] }>([])
  const [key, setKey] = useState<{ secret: string; uri: string }>()
  const [code, setCode] = useState('')
  const [backupCodes, setBackupCodes] = useState<string[]>()
  if (backupCodes) return <BackupCodes codes={backupCodes} onDone={onDone} />

  const begin = async () => setKey((await enrol.run('POST', '/auth/totp/enrol'))?.body)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBackupCodes((await confirm.run('POST', '/auth/totp/confirm', { totp: code.trim() }))?.body.backupCodes)
  }
  return (
    <Stack gap="md">
      <Text size="sm">{text('stepTotpAbout')}</Text>
      <ProblemAlert error={enrol.problem} />
      {key === undefined
        ? <Button onClick={() => void begin()} loading={enrol.isRunning}>{text('begin')}</Button>
        : (
            <form onSubmit={(event) => void submit(event)}>
              <Stack gap="md">
                <Suspense><QrCode text={key.uri} label={text('qr')} /></Suspense>
                <div>
                  <Text size="xs" c="dimmed">{text('key')}</Text>
                  <Code block className="wrap">{key.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</Code>
                  <Anchor href={key.uri} size="sm">{text('openApp')}</Anchor>
                </div>
                <TextInput label={text('sixDigits')} name="totp" inputMode="numeric" autoComplete="one-time-code" required value={code} onChange={(event) => setCode(event.currentTarget.value)} />
                <ProblemAlert error={confirm.problem} />
                <Button type="submit" loading={confirm.isRunning}>{text('confirm')}</Button>
              </Stack>
            </form>
          )}
    </Stack>
  )
}

/** Codes that are shown once. */
export function BackupCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const text = useShellText()
  const common = useCommon()
  const all = codes.join('\n')
  return (
    <Stack gap="md">
      <Title order={3} size="h5">{text('backupTitle')}</Title>
      <Text size="sm">{text('backupAbout')}</Text>
      <SimpleGrid cols={2} spacing="xs">{codes.map((code) => <Code key={code} fz="sm">{code}</Code>)}</SimpleGrid>
      <Group>
        <CopyButton value={all}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? common('copied') : text('copyAll')}</Button>}</CopyButton>
        <Button variant="default" component="a" href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${all}\n`)}`} download="halobestie-backup-codes.txt">{text('download')}</Button>
        <Button onClick={onDone}>{text('keptThem')}</Button>
      </Group>
    </Stack>
  )
}
