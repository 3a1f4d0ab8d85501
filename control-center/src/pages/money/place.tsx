import { Radio, Stack } from '@mantine/core'
import type { About } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { useOffered } from './parts.tsx'
import { useBooksText } from './texts-books.ts'

type To = 'wallet' | 'refund' | 'revenue' | 'owner' | 'suspense'
const CHANGES: readonly About[] = ['suspense', 'holds', 'approvals', 'ledger']

/** Asks to have money placed where the server says that it can go; a second person confirms it. */
export function PlaceButton({ places, path, draft }: { places: readonly To[]; path: string; draft: string }) {
  const text = useBooksText()
  const place = useOffered(places.length > 0 ? ['place'] : [])('place')
  if (!place.isShown) return null
  return (
    <ActButton<{ to: string }>
      may="payouts.decide" label={text('resolve')} about={text('resolveAbout')} variant="filled" disabled={place.disabled}
      fields={{
        initial: { to: places[0] ?? '' },
        show: ({ to }, set, problemOf) => (
          <Radio.Group label={text('place')} required value={to} onChange={(value) => set({ to: value })} error={problemOf('to')}>
            <Stack gap="xs" mt="xs">{places.map((each) => <Radio key={each} value={each} label={text(`place_${each}`)} />)}</Stack>
          </Radio.Group>
        ),
      }}
      request={(values) => ({ method: 'POST', path, body: values })} changes={CHANGES} draft={draft} done={text('resolveDone')}
    />
  )
}
