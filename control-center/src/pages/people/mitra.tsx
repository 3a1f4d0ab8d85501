import { Card, Skeleton, Stack } from '@mantine/core'
import type { MitraRecord } from '../../../../backend/modules/staff/record-contract.ts'
import { useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useFormat } from '../../format.ts'
import { useCode, useCommon } from '../../texts-common.ts'
import { MitraActs } from './mitra-acts.tsx'
import { Hours } from './mitra-hours.tsx'
import { Earnings } from './mitra-money.tsx'
import { Ratings } from './mitra-ratings.tsx'
import { PresenceBadge } from './mitras.tsx'
import { CasesAndSanctions, Sessions } from './person-lists.tsx'
import { Notices } from './person-notices.tsx'
import { PersonTabs } from './person-tabs.tsx'
import { listed, PrivacyPart } from './privacy-part.tsx'
import { usePeopleText } from './texts.ts'

/** One mitra: what they said of themselves, how they work, what they earn, what stands against them. */
export function Page() {
  const id = useId()
  const text = usePeopleText()
  const titles = useTitles()
  const may = useMay()
  const { data, error, refetch } = useGet<MitraRecord>('mitras', `/mitras/${id}/record`, { everyMs: 15_000 })
  if (!data || data.mitra.id !== id) {
    return <PageFrame title={titles('mitra')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={240} aria-busy="true" />}</PageFrame>
  }
  const { mitra, money, privacy } = data
  return (
    <PageFrame title={mitra.displayName ?? titles('mitra')} about={<><StateBadge state={mitra.status} /> <PresenceBadge mitra={mitra} /></>} acts={<MitraActs mitra={mitra} />}>
      {error && <ProblemAlert error={error} again={() => void refetch()} />}
      <PersonTabs
        label={titles('mitra')}
        tabs={[
          { name: 'overview', title: text('overview'), show: () => <Overview record={data} /> },
          { name: 'hours', title: text('hours'), show: () => <Hours record={data} /> },
          { name: 'offers', title: text('offers'), show: () => <Offers record={data} /> },
          { name: 'sessions', title: text('sessions'), show: () => <Sessions of="mitraId" id={id} /> },
          money !== undefined && { name: 'money', title: text('money'), show: () => <Earnings id={id} money={money} /> },
          may('safety.act') && { name: 'ratings', title: text('ratings'), show: () => <Ratings id={id} /> },
          { name: 'notices', title: text('notices'), show: () => <Notices id={id} /> },
          may('safety.act') && { name: 'cases', title: text('cases'), show: () => <CasesAndSanctions id={id} /> },
          privacy !== undefined && { name: 'privacy', title: text('privacy'), show: () => <PrivacyPart id={id} privacy={privacy} about="mitras" /> },
        ]}
      />
    </PageFrame>
  )
}

function Overview({ record: { mitra, rating } }: { record: MitraRecord }) {
  const text = usePeopleText()
  const common = useCommon()
  const code = useCode()
  const format = useFormat()
  return (
    <Card withBorder>
      <Stack gap="md">
        <Facts items={[
          [text('name'), <PersonName key="name" name={mitra.displayName} id={mitra.id} />], [text('phone'), mitra.phone ?? common('none')], [text('slots'), `${mitra.used} / ${mitra.capacity}`],
          [text('lastSeen'), <Time key="seen" at={mitra.lastSeenAt} ago />], [text('applied'), <Time key="applied" at={mitra.appliedAt} />], [text('approvedAt'), <Time key="approved" at={mitra.approvedAt} />],
          [text('deactivatedAt'), mitra.deactivatedAt === null ? undefined : <Time key="off" at={mitra.deactivatedAt} />], [text('statusReason'), mitra.statusReason ?? undefined],
          [text('rating'), rating === null ? text('noRating') : text('ratingOf', { average: format.number(rating.average, 2), count: rating.count })],
          [text('topics'), mitra.topics.join(', ') || common('none')], [text('languages'), mitra.languages.join(', ')], [text('gender'), mitra.gender === null ? common('none') : code(mitra.gender)],
          [text('extensions'), mitra.acceptsExtensions ? common('yes') : common('no')], [text('id'), mitra.id],
        ]}
        />
        <Facts cols={1} items={[[text('bio'), mitra.bio || common('none')]]} />
      </Stack>
    </Card>
  )
}

function Offers({ record: { offers } }: { record: MitraRecord }) {
  const text = usePeopleText()
  const code = useCode()
  const common = useCommon()
  const format = useFormat()
  return (
    <DataList
      label={text('offers')} list={listed(offers)} idOf={(row) => row.id} to={(row) => `/sessions/${row.sessionId}`} empty={{ title: text('noOffers'), text: text('noOffersText') }}
      columns={[
        { name: 'made', title: text('made'), show: (row) => <Time at={row.createdAt} /> },
        { name: 'state', title: text('offerState'), show: (row) => (row.state === 'expired' ? text('missed') : row.state === 'accepted' ? text('accepted') : row.state === 'declined' ? text('declined') : code(row.state)) },
        { name: 'took', title: text('took'), align: 'right', show: (row) => (row.endedAt === null ? common('none') : format.duration((Date.parse(row.endedAt) - Date.parse(row.createdAt)) / 1000)) },
      ]}
    />
  )
}
