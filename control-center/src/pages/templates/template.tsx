import { Alert, Badge, Code, Group, List, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { IconAlertTriangle, IconLock } from '@tabler/icons-react'
import type { TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { useFilters, useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useLanguage } from '../../texts.ts'
import { Editor } from './editor.tsx'
import { useTemplateCode, useTemplateText } from './texts.ts'

/** One notice: its words in each language as they are and as they would be, what could not be shown, and who changed what. */
export function Page() {
  const key = useId('key')
  const titles = useTitles()
  const text = useTemplateText()
  const code = useTemplateCode()
  const own = useLanguage()
  const [{ language = own }, change] = useFilters(['language'] as const)
  const { data, error, refetch } = useGet<TemplateView>('templates', `/notice-templates/${encodeURIComponent(key)}`)
  if (!data || data.key !== key) return <PageFrame title={titles('template')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={240} aria-busy="true" />}</PageFrame>
  const shown = data.languages.find((of) => of.language === language) ?? data.languages[0]!
  return (
    <PageFrame title={data.titles[own]} about={<><Code className="wrap">{data.key}</Code> · {code('kind', data.kind)} · {data.channels.map((channel) => code('channel', channel)).join(', ')}</>}>
      {error && <ProblemAlert error={error} again={() => void refetch()} />}
      {data.isSensitive && <Alert variant="light" color="gray" icon={<IconLock aria-hidden />} title={text('sensitive')}>{text('sensitiveAbout')}</Alert>}
      {data.missing.length > 0 && <Faults of={data} />}
      <Tabs value={shown.language} keepMounted={false} onChange={(value) => change({ language: value ?? undefined })}>
        <Tabs.List aria-label={text('language')}>
          {data.languages.map((of) => (
            <Tabs.Tab key={of.language} value={of.language}>
              <Group gap={6}>{code('language', of.language)}<Badge variant="light" tt="none" size="sm" color={of.isWritten ? 'blue' : 'gray'}>{of.isWritten ? text('written', { version: of.version }) : text('standard')}</Badge></Group>
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {data.languages.map((of) => <Tabs.Panel key={of.language} value={of.language} pt="md">{of === shown && <Editor key={`${data.key} ${of.language}`} of={data} one={of} />}</Tabs.Panel>)}
      </Tabs>
    </PageFrame>
  )
}

/** What could not be shown to people as it was written: which variable was missing, how often, since when. */
function Faults({ of }: { of: TemplateView }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  return (
    <Alert variant="light" color="orange" icon={<IconAlertTriangle aria-hidden />} title={text('faultsTitle')}>
      <Stack gap="xs">
        <List size="sm">
          {of.missing.map((one) => (
            <List.Item key={[one.language, one.version, one.part, one.reason, one.variable].join(' ')}>
              {text(one.reason === 'missing_variable' ? 'faultMissing' : 'faultOther', {
                part: code('part', one.part), language: code('language', one.language), version: one.version === 0 ? text('standardText') : text('written', { version: one.version }), variable: `{${one.variable}}`, count: one.count,
              })} <Time at={one.firstAt} />, {text('faultLast')} <Time at={one.lastAt} ago />
            </List.Item>
          ))}
        </List>
        <Text size="sm">{text('faultsAbout')}</Text>
      </Stack>
    </Alert>
  )
}
