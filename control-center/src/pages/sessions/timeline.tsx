import { Badge, Card, Chip, Group, Skeleton, Stack, Text, Timeline, Title } from '@mantine/core'
import {
  IconBell, IconBook2, IconBuildingBank, IconCash, IconClockPlus, IconDeviceMobileMessage, IconFlag, IconGavel, IconHeartHandshake, IconMessageCircle, IconPhoneCall, IconReceiptRefund, IconRoute, IconStar,
} from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import type { TimelineEntry, TimelineReply } from '../../../../backend/modules/staff/control-contract.ts'
import { useFilters } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { useFormat } from '../../format.ts'
import { RowLink } from '../../parts/list.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, PersonName, Time } from '../../parts/values.tsx'
import { useCode, useCommon } from '../../texts-common.ts'
import { useDetailNames } from './details-texts.ts'
import { useSessionCode, useSessionText } from './texts.ts'

type Kind = TimelineEntry['kind']
type Person = TimelineReply['people'][number]

const ICONS: Record<Kind, ComponentType<{ size?: number }>> = {
  event: IconRoute, offer: IconPhoneCall, extension: IconClockPlus, payment: IconCash, provider: IconBuildingBank, posting: IconBook2, tip: IconHeartHandshake, refund: IconReceiptRefund,
  push: IconDeviceMobileMessage, notification: IconBell, note: IconMessageCircle, rating: IconStar, case: IconFlag, sanction: IconGavel,
}

/** All that happened to a session, in one line of time; by kinds where somebody looks for one. */
export function SessionTimeline({ id }: { id: string }) {
  const [text, code, may] = [useSessionText(), useCode(), useMay()]
  const words = useSessionCode(code)
  const read = useGet<TimelineReply>('sessions', `/sessions/${id}/timeline`)
  const [{ kinds }, change] = useFilters(['kinds'])
  const items = read.data?.items ?? []
  const there = [...new Set(items.map((item) => item.kind))].toSorted()
  const chosen = kinds?.split(',') ?? []
  const shown = items.filter((item) => chosen.length === 0 || chosen.includes(item.kind))
  const people = new Map(read.data?.people.map((person) => [person.id, person]))
  return (
    <Card withBorder component="section" aria-label={text('timeline')}>
      <Stack gap="sm">
        <Title order={2} size="h4">{text('timeline')}</Title>
        {!may('ledger.read') && <Text size="xs" c="dimmed">{text('hiddenMoney')}</Text>}
        <ProblemAlert error={read.error} again={() => void read.refetch()} />
        {read.isLoading && <Skeleton height={160} />}
        {there.length > 1 && (
          <Group gap="xs" role="group" aria-label={text('kinds')}>
            <Chip.Group multiple value={chosen} onChange={(next) => change({ kinds: next.join(',') })}>
              {there.map((kind) => <Chip key={kind} value={kind} size="xs" variant="outline">{text(`kind_${kind}`)}</Chip>)}
            </Chip.Group>
          </Group>
        )}
        {!read.isLoading && read.data !== undefined && shown.length === 0 && <Text size="sm" c="dimmed">{text('noEntries')}</Text>}
        <Timeline bulletSize={24} lineWidth={2}>
          {shown.map((item, index) => {
            const Icon = ICONS[item.kind]
            return (
              // Nothing else names an entry: several of one kind may fall on one moment.
              <Timeline.Item key={`${item.at} ${item.kind} ${index}`} bullet={<Icon size={14} aria-hidden />} title={<Group gap="xs"><Badge variant="light" color="gray" tt="none">{text(`kind_${item.kind}`)}</Badge><Text span size="sm" fw={600} className="wrap">{item.kind === 'rating' ? text('stars', { count: Number(item.title) }) : words(item.title)}</Text></Group>}>
                <Text size="xs" c="dimmed"><Time at={item.at} /></Text>
                <Details details={item.details} people={people} words={words} />
              </Timeline.Item>
            )
          })}
        </Timeline>
      </Stack>
    </Card>
  )
}

const LINKS: Partial<Record<string, string>> = { paymentId: '/payments', caseId: '/cases' }

function Details({ details, people, words }: { details: Record<string, unknown>; people: ReadonlyMap<string, Person>; words: (code: string) => string }) {
  const [common, format, nameOf] = [useCommon(), useFormat(), useDetailNames()]
  const show = (name: string, value: unknown): ReactNode => {
    if (typeof value === 'boolean') return common(value ? 'yes' : 'no')
    if (typeof value === 'number') return name.endsWith('Idr') ? <Money idr={value} /> : format.number(value, 3)
    if (Array.isArray(value)) return <Entries entries={value as { account?: string; amountIdr?: number }[]} /> // a posting's
    if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, inner]) => <span key={key}>{nameOf(key)}: {show(key, inner)} </span>)
    const text = String(value)
    const person = people.get(text)
    if (person) return person.kind === 'staff' ? (person.displayName ?? text) : <RowLink href={`/${person.kind}s/${person.id}`}><PersonName name={person.displayName} id={person.id} /></RowLink>
    const list = LINKS[name]
    if (list) return <RowLink href={`${list}/${text}`}>…{text.slice(-8)}</RowLink>
    if (/^\d{4}-\d\d-\d\dT/.test(text)) return <Time at={text} />
    return /^[a-z_.]+$/.test(text) ? words(text) : text
  }
  // Whoever has a name needs no word for their kind.
  const told = Object.entries(details).filter(([name, value]) => value !== null && value !== undefined && value !== '' && !(name === 'actor' && details['actorId']))
  if (told.length === 0) return null
  return (
    <Group gap="md" component="dl" m={0} mt={2}>
      {told.map(([name, value]) => (
        <Group key={name} gap={4} wrap="wrap" style={{ minWidth: 0 }}>
          <Text component="dt" size="xs" c="dimmed">{nameOf(name)}</Text>
          <Text component="dd" size="xs" m={0} className="wrap tabular">{show(name, value)}</Text>
        </Group>
      ))}
    </Group>
  )
}

function Entries({ entries }: { entries: readonly { account?: string; amountIdr?: number }[] }) {
  return <>{entries.map((entry) => <Text key={entry.account} size="xs" component="span" display="block" className="wrap"><Money idr={entry.amountIdr} /> {entry.account}</Text>)}</>
}
