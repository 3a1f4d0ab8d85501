import { Alert, Badge, Box, Card, Group, List, SimpleGrid, Stack, Tabs, Text, TextInput, Title } from '@mantine/core'
import { IconAlertTriangle, IconBell, IconLock } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { TemplatePreview, TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { useNow } from '../../api/server-time.ts'
import { useFormat } from '../../format.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import classes from './preview.module.css'
import { useTemplateCode, useTemplateText } from './texts.ts'

type Props = { of: TemplateView; preview: UseQueryResult<TemplatePreview>; language: string; values: Readonly<Record<string, string>>; setValue: (name: string, value: string) => void }

/** What people would see of it on each way that it goes, with values to try. */
export function PreviewCards({ of, preview: { data, error, refetch }, language, values, setValue }: Props) {
  const text = useTemplateText()
  const code = useTemplateCode()
  return (
    <Card withBorder component="section" aria-label={text('preview')}>
      <Stack gap="md">
        <div>
          <Title order={2} size="h5">{text('preview')}</Title>
          {of.variables.length > 0 && <Text size="sm" c="dimmed">{text('previewAbout')}</Text>}
        </div>
        {of.variables.length > 0 && (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
            {of.variables.map(({ name, type }) => <TextInput key={name} size="xs" label={<>{`{${name}}`} · {code('type', type)}</>} value={values[name] ?? ''} onChange={(event) => setValue(name, event.currentTarget.value)} />)}
          </SimpleGrid>
        )}
        <ProblemAlert error={error} again={() => void refetch()} />
        {data && <Shown data={data} language={language} />}
      </Stack>
    </Card>
  )
}

function Shown({ data, language }: { data: TemplatePreview; language: string }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const missing = [...new Set(data.faults.map(({ variable }) => variable ?? ''))]
  const isNowhere = data.inbox === null && data.push === null && data.email === null && data.sms === null
  return (
    <>
      <div role="status">
        {data.errors.length > 0 && <Alert variant="light" color="red" icon={<IconAlertTriangle aria-hidden />}>{text('previewErrors')}</Alert>}
        {data.errors.length === 0 && missing.length > 0 && <Alert variant="light" color="orange" icon={<IconAlertTriangle aria-hidden />}>{text('previewFault', { variable: missing.map((one) => `{${one}}`).join(', ') })}</Alert>}
      </div>
      {data.warnings.length > 0 && (
        <Alert variant="light" color="yellow" title={text('warnings')}>
          <List size="sm">
            {data.warnings.map(({ part, code: name, variable = '', message }) => (
              <List.Item key={`${part} ${name} ${variable}`}>{code('remark', name, { part: code('part', part), language: code('language', language), variable: name === 'plural_idle' ? variable : `{${variable}}`, message })}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {isNowhere && <Text size="sm" c="dimmed">{text('noChannel')}</Text>}
      {data.push !== null && <Place title={text('lockScreen')}><LockScreen title={data.push.title} body={data.push.body} language={language} /></Place>}
      {data.inbox !== null && (
        <Place title={text('inbox')}>
          <Group gap="sm" wrap="nowrap" align="flex-start" className={classes.paper} lang={language}>
            <IconBell size={20} aria-hidden style={{ flexShrink: 0 }} />
            <div><Text size="sm" fw={650} className="wrap">{data.inbox.title}</Text><Text size="sm" className={classes.lines}>{data.inbox.body}</Text></div>
          </Group>
        </Place>
      )}
      {data.email !== null && <Place title={text('email')}><Letter of={data.email} language={language} /></Place>}
      {data.sms !== null && (
        <Place title={text('sms')} beside={<Badge variant="light" color={data.sms.segments > 1 ? 'orange' : 'gray'} tt="none">{text('segments', { count: data.sms.segments })}</Badge>}>
          <Box className={classes.bubble} lang={language}><Text size="sm" className={classes.lines}>{data.sms.text}</Text></Box>
        </Place>
      )}
    </>
  )
}

function Place({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <Stack gap={6} component="section" aria-label={title}>
      <Group gap="xs"><Title order={3} size="h6">{title}</Title>{beside}</Group>
      {children}
    </Stack>
  )
}

/** As it is sent: nothing in the frame runs or loads, and its links lead nowhere. Beside it what a mail programme shows that knows no HTML. */
function Letter({ of: { subject, text: plain, html }, language }: { of: NonNullable<TemplatePreview['email']>; language: string }) {
  const text = useTemplateText()
  return (
    <Box className={classes.paper}>
      <Text size="xs" c="dimmed">{text('subject')}</Text>
      <Text size="sm" fw={650} className="wrap" lang={language}>{subject}</Text>
      <Tabs defaultValue="html" mt="xs" keepMounted={false}>
        <Tabs.List aria-label={text('email')}><Tabs.Tab value="html">{text('emailHtml')}</Tabs.Tab><Tabs.Tab value="plain">{text('emailPlain')}</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="html" pt="xs"><iframe className={classes.letter} title={text('email')} sandbox="" srcDoc={html} /></Tabs.Panel>
        <Tabs.Panel value="plain" pt="xs"><Text size="sm" className={classes.plain} lang={language}>{plain}</Text></Tabs.Panel>
      </Tabs>
    </Box>
  )
}

/** As a phone shows it that nobody has unlocked: four lines of it, and no more. */
function LockScreen({ title, body, language }: { title: string; body: string; language: string }) {
  const text = useTemplateText()
  const format = useFormat()
  const now = useNow(10_000)
  return (
    <Box className={classes.phone}>
      <Stack gap={0} align="center" mb="md" aria-hidden>
        <IconLock size={16} />
        <span className={classes.clock}>{format.time(new Date(now).toISOString()).slice(0, 5)}</span>
      </Stack>
      <Box className={classes.bubbleOnPhone} lang={language}>
        <Group justify="space-between" gap="xs" wrap="nowrap"><Text size="xs">halobestie</Text><Text size="xs">{text('now')}</Text></Group>
        <Text size="sm" fw={650} className="wrap" lineClamp={1}>{title}</Text>
        <Text size="sm" className={classes.lines} lineClamp={4}>{body}</Text>
      </Box>
    </Box>
  )
}
