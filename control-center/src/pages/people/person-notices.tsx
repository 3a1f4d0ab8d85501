import { Text } from '@mantine/core'
import type { ToldView } from '../../../../backend/modules/staff/notice-contract.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { StateBadge, Time } from '../../parts/values.tsx'
import { useCode } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

const COLORS: Readonly<Record<string, string>> = { opened: 'teal', delivered: 'teal', read: 'teal', accepted: 'blue', failed: 'red', dropped: 'orange' }

/** What a person was told, by every channel, the newest first, and how far each went. */
export function Notices({ id }: { id: string }) {
  const [text, code] = [usePeopleText(), useCode()]
  const list = useList<ToldView>('notices', `/people/${id}/notices`)
  return (
    <DataList
      label={text('notices')} list={list} idOf={(row) => row.id} empty={{ title: text('noNotices'), text: text('noNoticesText') }}
      columns={[
        { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
        { name: 'channel', title: text('channel'), show: (row) => code(row.channel) },
        { name: 'kind', title: text('noticeKind'), show: (row) => <Words row={row} /> },
        { name: 'state', title: text('state'), show: (row) => <StateBadge state={farthest(row)} color={COLORS[farthest(row)] ?? 'gray'} /> },
        { name: 'reason', title: text('reason'), show: (row) => (row.reason === null ? '–' : code(row.reason)) },
        { name: 'since', title: text('since'), show: (row) => <Time at={row.openedAt ?? row.deliveredAt ?? row.acceptedAt ?? row.calledAt} /> },
      ]}
    />
  )
}

/** How far it went: an app may tell that it was opened, and nobody that a letter was. */
function farthest({ channel, state, openedAt, deliveredAt }: ToldView): string {
  if (channel === 'inbox') return state
  if (openedAt !== null) return 'opened'
  if (deliveredAt !== null) return 'delivered'
  return state === 'sent' ? 'accepted' : state
}

function Words({ row }: { row: ToldView }) {
  const code = useCode()
  return <>{code(row.kind)}{row.title !== undefined && <Text size="xs" c="dimmed" className="wrap">{row.title}{row.body === undefined ? '' : `: ${row.body}`}</Text>}</>
}
