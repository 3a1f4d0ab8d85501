import { ActionIcon, Button, Combobox, Group, Kbd, Loader, Modal, Stack, Text, TextInput, useCombobox } from '@mantine/core'
import { useDebouncedValue, useDisclosure, useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { SearchHit, SearchReply } from '../../../../backend/modules/staff/search-contract.ts'
import { useGo } from '../../address.ts'
import { useMay, useMe } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { useFormat } from '../../format.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { StateBadge } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useSearchText } from './search-texts.ts'

const PLACES: Record<SearchHit['kind'], string> = { customer: '/customers', mitra: '/mitras', session: '/sessions', payment: '/payments' }
const KEYS = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K'

/** In the header: finds people, sessions and payments by number, id or part of a name. */
export function SearchBox() {
  const text = useSearchText()
  const common = useCommon()
  const may = useMay()
  const [isOpen, { open, close }] = useDisclosure(false)
  useHotkeys([['mod+K', open]])
  if (!may('board.read')) return null
  return (
    <>
      <Button variant="default" visibleFrom="sm" onClick={open} leftSection={<IconSearch size={16} aria-hidden />} rightSection={<Kbd size="xs">{KEYS}</Kbd>}>{common('search')}</Button>
      <ActionIcon variant="subtle" color="gray" size="lg" hiddenFrom="sm" onClick={open} aria-label={common('search')}><IconSearch aria-hidden /></ActionIcon>
      <Modal opened={isOpen} onClose={close} title={<Text fw={650}>{text('title')}</Text>} size="lg" centered={false} closeButtonProps={{ 'aria-label': common('close') }}>
        {isOpen && <Found close={close} />}
      </Modal>
    </>
  )
}

function Found({ close }: { close: () => void }) {
  const text = useSearchText()
  const go = useGo()
  const grant = useMe().grants['board.read']
  // What is found stands open below, not in a list that drops down.
  const combobox = useCombobox({ opened: true })
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 200)
  const { data, error, isFetching, isPlaceholderData } = useGet<SearchReply>('search', '/search', { query: { q }, enabled: q !== '' })
  const items = q === '' ? [] : data?.items ?? []
  const isSettled = q !== '' && q === typed.trim() && !isFetching && !isPlaceholderData && !error
  const { selectFirstOption } = combobox
  // When other things are found, the first of them is meant.
  useEffect(() => {
    if (data !== undefined && data.items.length > 0) selectFirstOption()
  }, [data, selectFirstOption])
  const choose = (key: string) => {
    const hit = items.find((each) => keyOf(each) === key)
    if (!hit) return
    close()
    go(`${PLACES[hit.kind]}/${hit.id}`)
  }
  return (
    <Combobox store={combobox} onOptionSubmit={choose}>
      <Stack gap="sm">
        <Combobox.EventsTarget withExpandedAttribute>
          <TextInput
            label={text('label')} description={grant === 'masked' || grant === 'read-masked' ? text('aboutMasked') : text('about')} type="search" autoComplete="off" maxLength={100} data-autofocus value={typed}
            rightSection={isFetching ? <Loader size="xs" aria-hidden /> : undefined} onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </Combobox.EventsTarget>
        {error && <ProblemAlert error={error} />}
        {items.length > 0 && (
          <Combobox.Options aria-label={text('found')}>
            {items.map((hit) => <Combobox.Option key={keyOf(hit)} value={keyOf(hit)}><Hit hit={hit} /></Combobox.Option>)}
          </Combobox.Options>
        )}
        <Text size="sm" c="dimmed" role="status">{isSettled && items.length === 0 ? text('nothing') : ''}</Text>
      </Stack>
    </Combobox>
  )
}

const keyOf = ({ kind, id }: SearchHit) => `${kind} ${id}`

function Hit({ hit }: { hit: SearchHit }) {
  const text = useSearchText()
  const format = useFormat()
  return (
    <Group justify="space-between" gap="sm" wrap="nowrap">
      <Stack gap={0} style={{ minWidth: 0 }}>
        <Text size="sm" fw={600} className="wrap">{hit.title}</Text>
        <Text size="xs" className="wrap">{[text(hit.kind), hit.kind === 'session' ? format.dateTime(hit.subtitle) : hit.subtitle].filter((part) => part !== '').join(' · ')}</Text>
      </Stack>
      {hit.kind === 'customer' ? <Text size="xs">{text(hit.state as 'active')}</Text> : <StateBadge state={hit.state} />}
    </Group>
  )
}
