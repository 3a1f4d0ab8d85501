import { Checkbox, Group, Stack } from '@mantine/core'
import type { MitraRecord } from '../../../../backend/modules/staff/record-contract.ts'
import type { About, ListQuery } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { DataList } from '../../parts/list.tsx'
import { Time } from '../../parts/values.tsx'
import { useCode } from '../../texts-common.ts'
import { usePeopleText } from './texts.ts'

type Privacy = NonNullable<MitraRecord['privacy']>

/** A person's exports and erasure, and both as acts of staff. */
export function PrivacyPart({ id, privacy, about }: { id: string; privacy: Privacy; about: About }) {
  const text = usePeopleText()
  const code = useCode()
  const { erasure, exports } = privacy
  const isThere = erasure?.erasedAt == null
  return (
    <Stack gap="md">
      <Facts items={[[text('erasure'), erasure === null ? text('notErased') : text(`erasure_${erasure.state}`)], [text('askedAt'), erasure === null ? undefined : <Time key="at" at={erasure.askedAt} />], [text('erasedAt'), erasure?.erasedAt ? <Time key="erased" at={erasure.erasedAt} /> : undefined]]} />
      <Group gap="xs">
        <ActButton
          may="persons.erase" isOffered={isThere} label={text('export')} about={text('exportAbout')} changes={[about]} draft={`person.export.${id}`} done={text('exported')} onDone={(body) => save(body, `halobestie-${id}.json`)}
          request={({ reason }) => ({ method: 'POST', path: `/people/${id}/export`, body: { reason } })}
        />
        <ActButton
          may="persons.erase" isOffered={isThere} label={text('erase')} about={text('eraseAbout')} color="red" variant="light" changes={[about, 'customers', 'mitras']} draft={`person.erase.${id}`} done={text('eraseBegun')}
          fields={{ initial: { forfeit: false }, show: ({ forfeit }, set) => <Checkbox label={text('forfeit')} checked={forfeit} onChange={(event) => set({ forfeit: event.currentTarget.checked })} /> }}
          request={({ forfeit, reason }) => ({ method: 'POST', path: `/people/${id}/erase`, body: { forfeit, reason } })}
        />
      </Group>
      <DataList
        label={text('exports')} list={listed(exports)} idOf={(row) => row.id} empty={{ title: text('noExports'), text: text('noExportsText') }}
        columns={[{ name: 'at', title: text('at'), show: (row) => <Time at={row.createdAt} /> }, { name: 'by', title: text('exportedBy'), show: (row) => code(row.askedByKind) }]}
      />
    </Stack>
  )
}

/** Rows that came with something else, as a list shows them. */
export function listed<T>(items: T[]): ListQuery<T> {
  return { items, error: null, isLoading: false, isFetching: false, hasMore: false, isFetchingMore: false, more: () => {}, again: () => {} }
}

function save(body: unknown, name: string): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(body, null, 2)], { type: 'application/json' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
