import { Card, Group, Select, SegmentedControl, Stack, Text, Textarea } from '@mantine/core'
import type { Names } from '../../../../backend/modules/audit/contract.ts'
import type { AppealView } from '../../../../backend/modules/safety/contract.ts'
import { useFilters } from '../../address.ts'
import { useMe } from '../../api/me.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCommon } from '../../texts-common.ts'
import { APPEAL_STATES } from './codes.ts'
import { useNamedList } from './named-list.ts'
import { useSanctionText } from './texts.ts'
import { Who } from './who.tsx'

const WORDS = { open: 'open', upheld: 'upheld', lifted: 'lifted2' } as const

/** Appeals against sanctions; open ones first asked for, decided by another person than the one who gave the sanction. */
export function Page() {
  const titles = useTitles()
  const text = useSanctionText()
  const common = useCommon()
  const [filters, setFilters] = useFilters(['state'] as const)
  const { list, names } = useNamedList<AppealView>('appeals', '/appeals', filters)
  return (
    <PageFrame title={titles('appeals')} about={text('appealsAbout')}>
      <Select label={text('state')} w={200} clearable placeholder={text('allStates')} value={filters.state ?? null} onChange={(value) => setFilters({ state: value ?? undefined })} data={APPEAL_STATES.map((value) => ({ value, label: text(WORDS[value]) }))} />
      <DataList<AppealView>
        label={titles('appeals')} list={list} idOf={(one) => one.id} isFiltered={filters.state !== undefined} empty={{ title: text('appealsEmpty'), text: text('appealsEmptyText') }}
        columns={[
          { name: 'person', title: text('person'), show: (one) => <Who id={one.userId} names={names} /> },
          { name: 'state', title: text('state'), show: (one) => <StateBadge state={one.state} color={one.state === 'open' ? 'orange' : 'gray'} /> },
          { name: 'text', title: text('theirText'), show: (one) => <Words one={one} /> },
          { name: 'against', title: text('against'), show: (one) => <Stack gap={0}><span>{text(one.kind)}</span>{one.until !== null && <Text size="xs" c="dimmed">{text('until')} <Time at={one.until} /></Text>}<Text size="xs" c="dimmed">{text('sanctionedBy')}: <Who id={one.sanctionedBy} names={names} /></Text></Stack> },
          { name: 'at', title: text('at'), show: (one) => <Time at={one.createdAt} ago /> },
          { name: 'act', title: text('act'), show: (one) => <Stack gap={4}>{one.state !== 'open' && <Decided one={one} names={names} />}<Decide one={one} /></Stack> },
        ]}
      />
      <Text size="xs" c="dimmed">{common('reasonHint')}</Text>
    </PageFrame>
  )
}

function Words({ one }: { one: AppealView }) {
  return <Text size="sm" maw={420} className="wrap" style={{ whiteSpace: 'pre-wrap' }}>{one.text}</Text>
}

function Decided({ one, names }: { one: AppealView; names: Names }) {
  const text = useSanctionText()
  return (
    <Stack gap={0} maw={280}>
      <Text size="sm"><Who id={one.decidedBy} names={names} /> · <Time at={one.decidedAt} ago /></Text>
      {one.reason !== null && <Text size="xs" c="dimmed" className="wrap">{one.reason}</Text>}
      {one.answer !== null && <Text size="xs" c="dimmed" className="wrap">{text('answered')}: {one.answer}</Text>}
    </Stack>
  )
}

function Decide({ one }: { one: AppealView }) {
  const text = useSanctionText()
  const { staff } = useMe()
  return (
    <ActButton
      may="safety.act" size="compact-sm" disabled={one.state !== 'open'} label={text('decide')} draft={`appeal-${one.id}`} done={text('decideDone')} changes={['appeals', 'sanctions', 'cases', 'customers', 'mitras']}
      about={<>{text('decideAbout')}{one.sanctionedBy === staff.id ? ` ${text('own')}` : ''}</>}
      fields={{
        initial: { decision: 'uphold', answer: '' },
        show: (values, set, problemOf) => (
          <>
            <Card withBorder><Text size="sm" className="wrap" style={{ whiteSpace: 'pre-wrap' }}>{one.text}</Text></Card>
            <Group><SegmentedControl aria-label={text('decision')} value={values.decision} onChange={(value) => set({ decision: value })} data={[{ value: 'uphold', label: text('uphold') }, { value: 'lift', label: text('liftIt') }]} /></Group>
            <Textarea label={text('answer')} autosize minRows={2} maxLength={500} value={values.answer} error={problemOf('answer')} onChange={(event) => set({ answer: event.currentTarget.value })} />
          </>
        ),
      }}
      request={({ decision, answer, reason }) => ({ method: 'POST', path: `/appeals/${one.id}/decide`, body: { decision, reason, ...(answer.trim() === '' ? {} : { answer: answer.trim() }) } })}
    />
  )
}
