import { Text } from '@mantine/core'
import type { StaffRatingView } from '../../../../backend/modules/reviews/contract.ts'
import { useList } from '../../api/queries.ts'
import { DataList } from '../../parts/list.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

/** What customers thought of the sessions with a mitra. */
export function Ratings({ id }: { id: string }) {
  const text = usePeopleText()
  const common = useCommon()
  const list = useList<StaffRatingView>('ratings', '/ratings', { mitraId: id })
  return (
    <DataList
      label={text('ratings')} list={list} idOf={(row) => row.id} to={(row) => `/sessions/${row.sessionId}`} empty={{ title: text('noRatings'), text: text('noRatingsText') }}
      columns={[
        { name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> },
        { name: 'score', title: text('score'), align: 'right', show: (row) => `${row.score} / 5` },
        { name: 'comment', title: text('comment'), show: (row) => (row.comment === null ? common('none') : <Text size="sm" className="wrap">{row.comment}{row.hiddenAt !== null && ` (${text('hidden')})`}</Text>) },
      ]}
    />
  )
}
