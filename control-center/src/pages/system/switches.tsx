import { Card, Group, Stack, Text } from '@mantine/core'
import type { SwitchList } from '../../../../backend/modules/settings/contract.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { RowLink } from '../../parts/list.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { StateBadge, Time } from '../../parts/values.tsx'
import { useSwitchText } from '../../shell/switch-texts.ts'
import { useLanguage } from '../../texts.ts'
import { Who } from '../safety/who.tsx'
import { Section } from './section.tsx'

type Item = SwitchList['items'][number]

/** What staff can close at once: what is closed, since when, by whom and why. */
export function Switches() {
  const text = useSwitchText()
  const may = useMay()
  const language = useLanguage()
  const { data, error, refetch } = useGet<SwitchList>('settings', '/switches')
  return (
    <Section title={text('title')}>
      <Text size="sm">{text('about')}</Text>
      <ProblemAlert error={error} again={() => void refetch()} />
      <Card withBorder padding="md">
        <Stack gap="md" role="list" aria-label={text('title')}>
          {data?.items.map((one) => <One key={one.key} one={one} names={data.names} />)}
        </Stack>
      </Card>
      {data?.maintenance && <Text size="sm" className="wrap">{text('told', { text: data.maintenance.messages[language] })}</Text>}
      {may('settings.read') && <RowLink href="/settings?q=maintenance">{text('words')}</RowLink>}
    </Section>
  )
}

function One({ one, names }: { one: Item; names: SwitchList['names'] }) {
  const text = useSwitchText()
  const name = text(`name_${one.key}` as 'name_maintenance')
  const about = text(`about_${one.key}` as 'about_maintenance')
  return (
    <Group role="listitem" aria-label={name} justify="space-between" align="flex-start" gap="sm">
      <Stack gap={2} style={{ minWidth: 0, flex: '1 1 18rem' }}>
        <Group gap={6}><Text size="sm" fw={600}>{name}</Text><StateBadge state={one.isThrown ? text('thrown') : text('open')} color={one.isThrown ? 'red' : 'green'} /></Group>
        <Text size="sm">{about}</Text>
        {one.changedAt !== null && <Text size="xs" c="dimmed" className="wrap">{text('last')} <Time at={one.changedAt} ago /> · <Who id={one.changedBy} names={names} />{one.reason === null ? '' : ` · ${one.reason}`}</Text>}
      </Stack>
      <ActButton
        may="settings.write" size="compact-sm" draft={`switch-${one.key}`} changes={['settings']} reason="required"
        label={text(one.isThrown ? 'takeBack' : 'throw', { name })} about={one.isThrown ? text('takeBackAbout') : text('throwAbout', { about })} done={text(one.isThrown ? 'undone' : 'done', { name })} {...(one.isThrown ? {} : { color: 'red' })}
        request={({ reason }) => ({ method: 'PUT', path: `/settings/${one.key}`, body: { value: !one.isThrown, reason, version: one.version } })}
      />
    </Group>
  )
}
