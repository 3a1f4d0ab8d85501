import { Button, Code, Drawer, Group, Stack, Switch, Text, TextInput } from '@mantine/core'
import { DateInput } from '@mantine/dates'
import '@mantine/dates/styles.css'
import { useDisclosure } from '@mantine/hooks'
import type { AuditRowView } from '../../../../backend/modules/staff/control-contract.ts'
import { useFilters } from '../../address.ts'
import { useMay, useMe } from '../../api/me.tsx'
import { useList } from '../../api/queries.ts'
import { Facts } from '../../parts/facts.tsx'
import { DataList, RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode, useCommon } from '../../texts-common.ts'
import { useAuditText } from './texts.ts'
import { VerifyChain } from './verify-chain.tsx'

const FILTERS = ['act', 'actorId', 'targetType', 'targetId', 'from', 'to'] as const
const PAGES_OF: Record<string, string> = { case: '/cases', mitra: '/mitras', session: '/sessions', payment: '/payments', refund: '/refunds' }

/** The audit log by act, person, target and day; each row with its details, and the chain's verifier. */
export function Page() {
  const titles = useTitles()
  const text = useAuditText()
  const common = useCommon()
  const may = useMay()
  const { staff } = useMe()
  const [filters, setFilters] = useFilters(FILTERS)
  const list = useList<AuditRowView>('audit', '/audit', filters)
  const seesAll = may('audit.read')
  const field = (name: 'act' | 'actorId' | 'targetType' | 'targetId', label: string, hint?: string) => (
    <TextInput label={label} {...(hint === undefined ? {} : { placeholder: hint })} w={220} value={filters[name] ?? ''} onChange={(event) => setFilters({ [name]: event.currentTarget.value.trim() })} />
  )
  return (
    <PageFrame title={titles('audit')} about={seesAll ? text('about') : text('aboutOwn')}>
      {seesAll && <VerifyChain />}
      <Group gap="sm" align="flex-end">
        {field('act', text('act'), 'case.closed')}
        {field('targetType', text('targetType'), 'case')}
        {field('targetId', text('targetId'))}
        {seesAll && field('actorId', text('actor'))}
        <DateInput label={text('fromDay')} w={150} clearable value={filters.from ?? null} onChange={(value) => setFilters({ from: value ?? undefined })} />
        <DateInput label={text('toDay')} w={150} clearable value={filters.to ?? null} onChange={(value) => setFilters({ to: value ?? undefined })} />
        {seesAll && <Switch label={text('mine')} checked={filters.actorId === staff.id} onChange={(event) => setFilters({ actorId: event.currentTarget.checked ? staff.id : undefined })} mb={8} />}
      </Group>
      <DataList<AuditRowView>
        label={titles('audit')} list={list} idOf={(row) => String(row.seq)} isFiltered={Object.keys(filters).length > 0} empty={{ title: text('empty'), text: text('emptyText') }}
        columns={[
          { name: 'act', title: text('act'), show: (row) => <Text span size="sm" ff="monospace" className="wrap">{row.act}</Text> },
          { name: 'who', title: text('who'), show: (row) => <Actor row={row} /> },
          { name: 'target', title: text('target'), show: (row) => <Target row={row} /> },
          { name: 'reason', title: text('reason'), show: (row) => <Text size="sm" maw={320} className="wrap">{row.reason ?? common('none')}</Text> },
          { name: 'at', title: text('at'), show: (row) => <Time at={row.at} /> },
          { name: 'seq', title: text('number'), align: 'right', show: (row) => <Row row={row} /> },
        ]}
      />
    </PageFrame>
  )
}

function Actor({ row }: { row: AuditRowView }) {
  const text = useAuditText()
  if (row.actorName !== null) return <>{row.actorName}</>
  const key = `actor_${row.actorKind}` as 'actor_system' // the kinds of the contract stand in the texts
  return <>{text(key)}</>
}

function Target({ row }: { row: AuditRowView }) {
  const common = useCommon()
  const code = useCode()
  if (row.targetType === null) return <>{common('none')}</>
  const id = row.targetId ?? ''
  const name = <>{code(row.targetType)} {id.length === 36 ? `…${id.slice(-8)}` : id}</>
  const page = PAGES_OF[row.targetType]
  return page !== undefined && id.length === 36 ? <RowLink href={`${page}/${id}`}>{name}</RowLink> : name
}

function Row({ row }: { row: AuditRowView }) {
  const text = useAuditText()
  const common = useCommon()
  const [isOpen, { open, close }] = useDisclosure(false)
  const title = text('row', { seq: row.seq })
  return (
    <>
      <Button size="compact-sm" variant="default" aria-label={text('show', { seq: row.seq })} onClick={open}>{row.seq}</Button>
      <Drawer opened={isOpen} onClose={close} position="right" size="lg" title={title} closeButtonProps={{ 'aria-label': common('close') }}>
        <Stack ta="left">
          <Facts
            cols={2}
            items={[
              [text('act'), row.act], [text('who'), <Actor key="who" row={row} />], [text('at'), <Time key="at" at={row.at} />], [text('target'), <Target key="target" row={row} />],
              [text('reason'), row.reason ?? common('none')], [text('ip'), row.ip ?? common('none')], [text('requestId'), row.requestId ?? common('none')], [text('hash'), <Code key="hash" className="wrap">{row.hash}</Code>],
            ]}
          />
          <Text size="xs" c="dimmed">{text('details')}</Text>
          <Code block className="wrap">{JSON.stringify(row.details, null, 2)}</Code>
        </Stack>
      </Drawer>
    </>
  )
}
