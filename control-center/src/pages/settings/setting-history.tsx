import { Button, Drawer, Stack, Text, Timeline } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import type { HistoryList, SettingView } from '../../../../backend/modules/settings/contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useNamedList } from '../safety/named-list.ts'
import { Who } from '../safety/who.tsx'
import { useSettingText } from './texts.ts'
import { useValueWords, type Value } from './values.ts'

/** What a setting was, who changed it and why; from here it goes back to any of that, or to the default. */
export function SettingHistory({ one }: { one: SettingView }) {
  const text = useSettingText()
  const common = useCommon()
  const [isOpen, { open, close }] = useDisclosure(false)
  const title = text('historyOf', { key: one.key })
  return (
    <>
      <Button variant="default" size="compact-sm" leftSection={<IconHistory size={16} aria-hidden />} aria-label={title} onClick={open}>{text('history')}</Button>
      <Drawer opened={isOpen} onClose={close} position="right" title={title} closeButtonProps={{ 'aria-label': common('close') }}>{isOpen && <History one={one} />}</Drawer>
    </>
  )
}

function History({ one }: { one: SettingView }) {
  const text = useSettingText()
  const common = useCommon()
  const words = useValueWords()
  const { list, names } = useNamedList<HistoryList['items'][number]>('settings', `/settings/${one.key}/history`)
  const isDefault = JSON.stringify(one.value) === JSON.stringify(one.default)
  return (
    <Stack>
      <Text size="sm">{text('value')}: <b>{words.show(one.value)}</b></Text>
      {!isDefault && <Revert one={one} to="default" value={one.default} label={text('revertDefault')} />}
      <ProblemAlert error={list.error} again={list.again} />
      {!list.isLoading && !list.error && list.items.length === 0 && <Text size="sm" c="dimmed">{text('historyEmpty')}</Text>}
      <Timeline bulletSize={14} lineWidth={2}>
        {list.items.map((row) => (
          <Timeline.Item key={row.id} title={text('fromTo', { from: words.show(row.oldValue), to: words.show(row.newValue) })}>
            <Text size="sm" c="dimmed"><Time at={row.changedAt} /> · <Who id={row.changedBy} names={names} /></Text>
            {row.reason !== null && <Text size="sm" className="wrap">{row.reason}</Text>}
            {row.oldValue !== null && JSON.stringify(row.oldValue) !== JSON.stringify(one.value) && <Revert one={one} to={row.id} value={row.oldValue} label={text('revert', { value: words.show(row.oldValue) })} />}
          </Timeline.Item>
        ))}
      </Timeline>
      {list.hasMore && <Button variant="default" onClick={list.more} loading={list.isFetchingMore}>{common('more')}</Button>}
    </Stack>
  )
}

function Revert({ one, to, value, label }: { one: SettingView; to: string; value: Value; label: string }) {
  const text = useSettingText()
  const words = useValueWords()
  return (
    <ActButton
      may="settings.write" size="compact-sm" label={label} about={text('revertAbout', { key: one.key, value: words.show(value) })} draft={`setting-revert-${one.key}-${to}`} done={text('revertDone', { key: one.key })} changes={['settings']}
      request={({ reason }) => ({ method: 'POST', path: `/settings/${one.key}/revert`, body: { to, reason, version: one.version } })}
    />
  )
}
