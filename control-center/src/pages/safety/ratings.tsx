import { Badge, Group, Rating, Select, Stack, Switch, Text } from '@mantine/core'
import type { StaffRatingView } from '../../../../backend/modules/reviews/contract.ts'
import { useFilters } from '../../address.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList, RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCommon } from '../../texts-common.ts'
import { useNamedList } from './named-list.ts'
import { useSanctionText } from './texts.ts'
import { Who } from './who.tsx'

/** What customers gave and wrote; a comment is hidden, and shown again, for a reason. */
export function Page() {
  const titles = useTitles()
  const text = useSanctionText()
  const common = useCommon()
  const [filters, setFilters] = useFilters(['score', 'hidden', 'commented', 'mitraId', 'customerId'] as const)
  const { list, names } = useNamedList<StaffRatingView>('ratings', '/ratings', filters)
  return (
    <PageFrame title={titles('ratings')} about={text('ratingsAbout')}>
      <Group gap="sm" align="flex-end">
        <Select label={text('score')} w={140} clearable placeholder={common('all')} value={filters.score ?? null} onChange={(value) => setFilters({ score: value ?? undefined })} data={['1', '2', '3', '4', '5'].map((score) => ({ value: score, label: text('stars', { score }) }))} />
        <Switch label={text('commentedOnly')} checked={filters.commented === 'true'} onChange={(event) => setFilters({ commented: event.currentTarget.checked ? 'true' : undefined })} mb={8} />
        <Switch label={text('hiddenOnly')} checked={filters.hidden === 'true'} onChange={(event) => setFilters({ hidden: event.currentTarget.checked ? 'true' : undefined })} mb={8} />
      </Group>
      <DataList<StaffRatingView>
        label={titles('ratings')} list={list} idOf={(one) => one.id} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('ratingsEmpty'), text: text('ratingsEmptyText') }}
        columns={[
          { name: 'mitra', title: text('mitra'), show: (one) => <Who id={one.mitraId} names={names} /> },
          { name: 'score', title: text('score'), show: (one) => <Group gap={4} wrap="nowrap"><Rating value={one.score} readOnly size="xs" aria-hidden /><Text size="xs">{text('stars', { score: one.score })}</Text></Group> },
          { name: 'comment', title: text('comment'), show: (one) => <Comment one={one} /> },
          { name: 'customer', title: text('customer'), show: (one) => <Who id={one.customerId} names={names} /> },
          { name: 'at', title: text('at'), show: (one) => <Stack gap={0}><Time at={one.createdAt} ago /><RowLink href={`/sessions/${one.sessionId}`}>{text('session')}</RowLink></Stack> },
          { name: 'act', title: text('act'), show: (one) => (one.comment === null ? common('none') : <Hide one={one} />) },
        ]}
      />
    </PageFrame>
  )
}

function Comment({ one }: { one: StaffRatingView }) {
  const text = useSanctionText()
  const common = useCommon()
  if (one.comment === null) return <>{common('none')}</>
  return (
    <Stack gap={2} maw={420}>
      <Text size="sm" className="wrap">{one.comment}</Text>
      {one.hiddenAt !== null && <Group gap={6}><Badge variant="light" color="gray" tt="none">{text('hidden')}</Badge><Text size="xs" c="dimmed" className="wrap">{text('hiddenBecause', { reason: one.hiddenReason ?? '' })}</Text></Group>}
    </Stack>
  )
}

function Hide({ one }: { one: StaffRatingView }) {
  const text = useSanctionText()
  const isHidden = one.hiddenAt !== null
  return (
    <ActButton
      key={isHidden ? 'unhide' : 'hide'} may="safety.act" size="compact-sm" label={isHidden ? text('unhide') : text('hide')} about={isHidden ? undefined : text('hideAbout')} draft={`rating-${isHidden ? 'unhide' : 'hide'}-${one.id}`}
      done={isHidden ? text('unhideDone') : text('hideDone')} changes={['ratings', 'mitras']}
      request={({ reason }) => ({ method: 'POST', path: `/ratings/${one.id}/${isHidden ? 'unhide' : 'hide'}`, body: { reason } })}
    />
  )
}
