import { Button, Drawer, Stack, Text, Timeline } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import type { TermHistory, TermView } from '../../../../backend/modules/moderation/contract.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useNamedList } from './named-list.ts'
import { useLexiconText } from './texts.ts'
import { Who } from './who.tsx'

/** Who changed a term, or anything of the lexicon, and why. */
export function TermHistoryButton({ of }: { of?: Pick<TermView, 'kind' | 'term'> }) {
  const text = useLexiconText()
  const common = useCommon()
  const [isOpen, { open, close }] = useDisclosure(false)
  const title = of === undefined ? text('historyAll') : text('historyOf', { term: of.term })
  return (
    <>
      <Button variant="default" size={of === undefined ? 'sm' : 'compact-sm'} leftSection={<IconHistory size={16} aria-hidden />} onClick={open}>{of === undefined ? title : text('history')}</Button>
      <Drawer opened={isOpen} onClose={close} position="right" title={title} closeButtonProps={{ 'aria-label': common('close') }}>{isOpen && <History of={of} />}</Drawer>
    </>
  )
}

function History({ of }: { of: Pick<TermView, 'kind' | 'term'> | undefined }) {
  const text = useLexiconText()
  const common = useCommon()
  const { list, names } = useNamedList<TermHistory['items'][number]>('lexicon', '/lexicon/history', of === undefined ? {} : { kind: of.kind, term: of.term })
  return (
    <Stack>
      <ProblemAlert error={list.error} again={list.again} />
      {!list.isLoading && !list.error && list.items.length === 0 && <Text size="sm" c="dimmed">{text('historyEmpty')}</Text>}
      <Timeline bulletSize={14} lineWidth={2}>
        {list.items.map((one) => (
          <Timeline.Item key={one.id} title={`${one.active ? text('on') : text('off')}: ${one.term}`}>
            <Text size="sm" c="dimmed"><Time at={one.changedAt} /> · <Who id={one.changedBy} names={names} /></Text>
            <Text size="sm" className="wrap">{one.reason}</Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {list.hasMore && <Button variant="default" onClick={list.more} loading={list.isFetchingMore}>{common('more')}</Button>}
    </Stack>
  )
}
