import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { useKnown, type Me } from '../api/me.tsx'
import { asProblem, type Problem } from '../api/problem.ts'
import { ProblemAlert } from '../parts/problem.tsx'
import { useShellText } from './texts.ts'

/** E-mail and password, and the code where the account has an authenticator. */
export function SignInForm({ email: known }: { email?: string | undefined }) {
  const text = useShellText()
  const { signedIn } = useKnown()
  const [email, setEmail] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [asksCode, setAsksCode] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [isRunning, setRunning] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setRunning(true)
    setProblem(undefined)
    try {
      signedIn((await call<Me>('POST', '/auth/login', { body: { email: email.trim(), password, ...(code.trim() === '' ? {} : { totp: code.trim() }) } })).body)
    } catch (error) {
      const found = asProblem(error)
      const wantsCode = found.errors.some(({ path }) => path === 'totp')
      if (wantsCode) setAsksCode(true)
      if (!wantsCode || asksCode) setProblem(found)
    } finally {
      setRunning(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <TextInput label={text('email')} type="email" name="email" autoComplete="username" required data-autofocus value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
        <PasswordInput label={text('password')} name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        {asksCode && <TextInput label={text('code')} name="totp" autoComplete="one-time-code" required data-autofocus autoFocus value={code} onChange={(event) => setCode(event.currentTarget.value)} />}
        {problem?.status === 401 ? <Alert color="red" variant="light" role="alert">{text('wrong')}</Alert> : <ProblemAlert error={problem} />}
        <Button type="submit" loading={isRunning} fullWidth>{text('signIn')}</Button>
      </Stack>
    </form>
  )
}
