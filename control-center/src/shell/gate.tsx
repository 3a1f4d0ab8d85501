import { Center, Loader, Modal, Paper, Stack, Text, Title } from '@mantine/core'
import { Fragment, type ReactNode } from 'react'
import { useKnown } from '../api/me.tsx'
import { ProblemAlert } from '../parts/problem.tsx'
import { useCommon } from '../texts-common.ts'
import { Required } from './required.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { useShellText } from './texts.ts'

/** Lets in whoever is signed in and has done what must be done first. Where a sign-in ends, the page stays and the form comes over it. */
export function Gate({ children }: { children: ReactNode }) {
  const { me, isLoading, problem, hasExpired, again } = useKnown()
  const text = useShellText()
  const common = useCommon()
  if (isLoading) return <Center h="100dvh"><Loader role="status" aria-label={common('loading')} /></Center>
  if (problem && !me) return <Door title="halobestie"><Text size="sm">{text('noAnswer')}</Text><ProblemAlert error={problem} again={again} /></Door>
  if (!me) return <Door title={text('signIn')} about={text('signInAbout')}><SignInForm /></Door>
  return (
    <>
      {me.required.length > 0 ? <Door title={text('stepTitle')}><Required steps={me.required} /></Door> : <Fragment key={me.staff.id}>{children}</Fragment>}
      <Modal opened={hasExpired} onClose={() => {}} withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false} title={<Text fw={650}>{text('expiredTitle')}</Text>} zIndex={1000}>
        <Stack gap="md">
          <Text size="sm">{text('expiredAbout')}</Text>
          {hasExpired && <SignInForm email={me.staff.email} />}
        </Stack>
      </Modal>
    </>
  )
}

function Door({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={440}>
        <Stack gap="md">
          <div>
            <Title order={1} size="h2">{title}</Title>
            {about !== undefined && <Text size="sm" c="dimmed">{about}</Text>}
          </div>
          {children}
        </Stack>
      </Paper>
    </Center>
  )
}
