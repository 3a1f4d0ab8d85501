import { Badge, Button, Card, Code, Group, Stack, Text, Timeline, Title } from '@mantine/core'
import type { TemplateHistory as HistoryReply, TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useNamedList } from '../safety/named-list.ts'
import { Who } from '../safety/who.tsx'
import type { Part, TextOf } from './draft.ts'
import { useTemplateCode, useTemplateText } from './texts.ts'

type Version = HistoryReply['items'][number]

/** Every version of a text: who wrote it, when, why, and what it changed; from here each comes back. */
export function TemplateHistory({ of, one }: { of: TemplateView; one: TextOf }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const common = useCommon()
  const title = text('historyOf', { language: code('language', one.language) })
  const { list, names } = useNamedList<Version>('templates', `/notice-templates/${encodeURIComponent(of.key)}/history`, { language: one.language })
  return (
    <Card withBorder component="section" aria-label={title}>
      <Stack gap="md">
        <Title order={2} size="h5">{title}</Title>
        <ProblemAlert error={list.error} again={list.again} />
        {!list.isLoading && !list.error && list.items.length === 0 && <Text size="sm" c="dimmed">{text('historyEmpty')}</Text>}
        <Timeline bulletSize={14} lineWidth={2}>
          {list.items.map((row, index) => (
            <Timeline.Item key={row.version} title={<Group gap={6}>{text('version', { version: row.version })}{row.isCurrent && <Badge variant="light" color="green" tt="none">{text('inForce')}</Badge>}</Group>}>
              <Stack gap={6} align="flex-start">
                <Text size="sm" c="dimmed"><Time at={row.changedAt} /> · <Who id={row.changedBy} names={names} /></Text>
                <Text size="sm" className="wrap">{row.reason}</Text>
                {row.changed.length === 0 && <Text size="sm" c="dimmed">{text('nothingChanged')}</Text>}
                {row.changed.map((part) => <Change key={part} part={part} before={list.items[index + 1]?.parts[part] ?? null} after={row.parts[part]} language={one.language} />)}
                {!row.isCurrent && (
                  <ActButton
                    may="settings.write" size="compact-sm" label={text('restore', { version: row.version })} about={text('restoreAbout')} draft={`template-restore-${of.key}-${one.language}-${row.version}`} done={text('restored')} changes={['templates']}
                    request={({ reason }) => ({ method: 'POST', path: `/notice-templates/${of.key}/${one.language}/restore`, body: { to: row.version, version: one.version, reason } })}
                  />
                )}
              </Stack>
            </Timeline.Item>
          ))}
        </Timeline>
        {list.hasMore && <Button variant="default" onClick={list.more} loading={list.isFetchingMore}>{common('more')}</Button>}
      </Stack>
    </Card>
  )
}

function Change({ part, before, after, language }: { part: Part; before: string | null; after: string | null; language: string }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  return (
    <Stack gap={2} w="100%">
      <Text size="xs" fw={600}>{code('part', part)}</Text>
      {[{ name: text('before'), words: before }, { name: text('after'), words: after }].map(({ name, words }) => (
        <Group key={name} gap={6} align="flex-start" wrap="nowrap">
          <Text size="xs" c="dimmed" w={60} style={{ flexShrink: 0 }} pt={4}>{name}</Text>
          {words === null ? <Text size="sm" c="dimmed">{text('standardText')}</Text> : <Code block lang={language} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', minWidth: 0 }}>{words}</Code>}
        </Group>
      ))}
    </Stack>
  )
}
