import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useAct } from '../api/acts.ts'
import { useShellText } from '../shell/texts.ts'
import { ProblemAlert } from './problem.tsx'

/** The present password and, twice, the new one. */
export function ChangePassword({ onDone, isOwn = false }: { onDone: () => void; /** One's own already, not one that was handed over. */ isOwn?: boolean }) {
  const text = useShellText()
  const act = useAct(['me'])
  const [values, setValues] = useState({ currentPassword: '', newPassword: '', repeat: '' })
  const differs = values.repeat !== '' && values.repeat !== values.newPassword
  const field = (name: keyof typeof values, label: string, autoComplete: string) => (
    <PasswordInput
      label={label} name={name} autoComplete={autoComplete} required value={values[name]}
      error={name === 'repeat' && differs ? text('differ') : act.problem?.errors.find(({ path }) => path === name)?.message}
      onChange={(event) => { const { value } = event.currentTarget; setValues((was) => ({ ...was, [name]: value })) }}
    />
  )
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (values.repeat !== values.newPassword) return
    const answer = await act.run('POST', '/auth/password', { currentPassword: values.currentPassword, newPassword: values.newPassword })
    if (!answer) return
    setValues({ currentPassword: '', newPassword: '', repeat: '' })
    onDone()
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <Text size="sm">{text('stepPasswordAbout')}</Text>
        {field('currentPassword', isOwn ? text('presentPassword') : text('currentPassword'), 'current-password')}
        {field('newPassword', text('newPassword'), 'new-password')}
        {field('repeat', text('repeat'), 'new-password')}
        {act.problem?.code === 'forbidden' ? <Alert color="red" variant="light" role="alert">{text('wrongPassword')}</Alert> : <ProblemAlert error={act.problem} />}
        <Button type="submit" loading={act.isRunning} disabled={differs}>{text('savePassword')}</Button>
      </Stack>
    </form>
  )
}
