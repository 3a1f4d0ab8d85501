import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { useMe } from '../../api/me.tsx'
import { useCommon } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

/** Whom somebody looks for: what stands in the address is what is searched, a moment after the last letter. */
export function SearchField({ q, onChange }: { q: string | undefined; onChange: (q: string | undefined) => void }) {
  const text = usePeopleText()
  const common = useCommon()
  const grant = useMe().grants['board.read']
  const [typed, setTyped] = useState(q ?? '')
  const [told, setTold] = useState(q)
  const tell = useDebouncedCallback((value: string) => {
    setTold(value.trim() || undefined)
    onChange(value.trim() || undefined)
  }, 250)
  // The address was changed by something else: a link, or the browser's way back.
  if (q !== told) {
    setTold(q)
    setTyped(q ?? '')
  }
  const change = (value: string) => {
    setTyped(value)
    tell(value)
  }
  return (
    <TextInput
      label={common('search')} placeholder={grant === 'masked' || grant === 'read-masked' ? text('findMasked') : text('findMitra')} type="search" autoComplete="off" maxLength={100} value={typed}
      leftSection={<IconSearch size={16} aria-hidden />} style={{ flex: '1 1 16rem' }}
      rightSection={typed === '' ? undefined : <CloseButton size="sm" aria-label={common('clear')} onClick={() => change('')} />}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}
