import { Badge, Group, Stack, Title } from '@mantine/core'
import type { Act, StaffSessionView } from '../../../../backend/modules/staff/contract.ts'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { Time } from '../../parts/values.tsx'
import { useStaffText } from './texts.ts'

/** Where an account is signed in, and ends to that. `path` is its list of sessions: one's own or another's. */
export function SessionsList({ path, may, isOwn }: { path: string; may: Act; isOwn: boolean }) {
  const text = useStaffText()
  const list = useList<StaffSessionView>('staff', path)
  const hasOthers = list.items.some((session) => !session.isCurrent)
  const endAll = isOwn ? 'endOthers' : 'endAll'
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h5">{isOwn ? text('ownSessions') : text('sessions')}</Title>
        {hasOthers && <ActButton may={may} label={text(endAll)} about={text(`${endAll}About`)} reason="none" size="xs" request={() => ({ method: 'DELETE', path })} changes={['staff']} draft={`sessions.end.${path}`} done={text('allEnded')} />}
      </Group>
      <DataList
        label={isOwn ? text('ownSessions') : text('sessions')} list={list} idOf={(row) => row.id} empty={{ title: text('noSessions'), text: text('noSessionsText') }}
        columns={[
          { name: 'device', title: text('device'), show: (row) => <Group gap="xs">{browserOf(row.userAgent) ?? text('unknownDevice')}{row.isCurrent && <Badge variant="light" color="green" tt="none">{text('thisOne')}</Badge>}</Group> },
          { name: 'address', title: text('address'), show: (row) => row.ip ?? '–' },
          { name: 'since', title: text('signedIn'), show: (row) => <Time at={row.createdAt} /> },
          { name: 'seen', title: text('lastSeen'), show: (row) => <Time at={row.lastSeenAt} ago /> },
          { name: 'ends', title: text('ends'), show: (row) => <Time at={row.expiresAt} /> },
          {
            name: 'act', title: text('act'), show: (row) => (row.isCurrent ? '–' : (
              <ActButton may={may} label={text('end')} about={text('endAbout')} reason="none" size="xs" request={() => ({ method: 'DELETE', path: `${path}/${row.id}` })} changes={['staff']} draft={`session.end.${row.id}`} done={text('ended')} />
            )),
          },
        ]}
      />
    </Stack>
  )
}

const BROWSERS = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari']] as const
const SYSTEMS = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS/, 'macOS'], [/Linux/, 'Linux']] as const

/** What a browser calls itself, in short. */
function browserOf(userAgent: string | null): string | undefined {
  if (userAgent === null) return undefined
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1]
  return [browser, system].filter((name) => name !== undefined).join(', ') || userAgent.slice(0, 40)
}
