import { Button, Group, Menu, Switch, Text, TextInput } from '@mantine/core'
import { IconBookmark, IconBookmarkPlus, IconTrash, IconUsers } from '@tabler/icons-react'
import type { SavedView } from '../../../backend/modules/staff/views-contract.ts'
import { useGet } from '../api/queries.ts'
import { defineTexts } from '../texts.ts'
import { ActButton } from './act-button.tsx'

const useText = defineTexts('views', {
  views: 'Views', own: 'My views', shared: 'Of colleagues', none: 'No view is kept here yet. Set filters, then keep them under a name.', by: '{{name}} · by {{owner}}',
  keep: 'Keep as a view', keepAbout: 'The filters that are set now, under a name, for the next time.', name: 'Name', share: 'Show it to all colleagues', shareHint: 'What was searched for is not shared: it may be a name or a number.', kept: 'The view is kept.',
  remove: 'Remove the view', removeAbout: 'The view “{{name}}” goes; what it shows stays.', removed: 'The view is gone.',
  toShared: 'Share the view', toSharedAbout: 'All colleagues will see “{{name}}” on this page.', toOwn: 'Stop sharing', toOwnAbout: 'Only you will see “{{name}}” from now on.', changed: 'The view is changed.',
}, {
  views: 'Tampilan', own: 'Tampilan saya', shared: 'Dari rekan', none: 'Belum ada tampilan tersimpan. Atur filter, lalu simpan dengan nama.', by: '{{name}} · oleh {{owner}}',
  keep: 'Simpan tampilan', keepAbout: 'Filter yang sedang dipakai, dengan nama, untuk lain kali.', name: 'Nama', share: 'Tampilkan kepada semua rekan', shareHint: 'Kata pencarian tidak dibagikan: bisa berupa nama atau nomor.', kept: 'Tampilan tersimpan.',
  remove: 'Hapus tampilan', removeAbout: 'Tampilan “{{name}}” dihapus; datanya tetap ada.', removed: 'Tampilan dihapus.',
  toShared: 'Bagikan tampilan', toSharedAbout: 'Semua rekan akan melihat “{{name}}” di halaman ini.', toOwn: 'Berhenti berbagi', toOwnAbout: 'Mulai sekarang hanya Anda yang melihat “{{name}}”.', changed: 'Tampilan diubah.',
})

type Filters = Readonly<Record<string, string | undefined>>
type Props = {
  /** The name of the page, as in its address. */
  page: string
  /** The page's filters as they are set now. */
  filters: Filters
  /** Sets these filters and takes all others out. */
  apply: (filters: Record<string, string>) => void
}

const setOnes = (filters: Filters): Record<string, string> => Object.fromEntries(Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
const textsOf = (view: SavedView): Record<string, string> => Object.fromEntries(Object.entries(view.filters).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]))
const isSame = (a: Record<string, string>, b: Record<string, string>): boolean => Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value)

/** Filters of a list under a name: one's own and those of colleagues. For every page with filters in its address. */
export function SavedViews({ page, filters, apply }: Props) {
  const text = useText()
  const views = useGet<{ items: SavedView[] }>('views', '/views', { query: { page } }).data?.items ?? []
  const now = setOnes(filters)
  const current = views.find((view) => view.isOwn && isSame(textsOf(view), now))
  return (
    <Group gap="xs">
      <Menu position="bottom-start" width={280} withinPortal>
        <Menu.Target><Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>{text('views')}</Button></Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && <Text size="sm" c="dimmed" p="xs">{text('none')}</Text>}
          {views.some((view) => view.isOwn) && <Menu.Label>{text('own')}</Menu.Label>}
          {views.filter((view) => view.isOwn).map((view) => <Item key={view.id} view={view} label={view.name} apply={apply} />)}
          {views.some((view) => !view.isOwn) && <Menu.Label>{text('shared')}</Menu.Label>}
          {views.filter((view) => !view.isOwn).map((view) => <Item key={view.id} view={view} label={text('by', { name: view.name, owner: view.ownerName })} apply={apply} />)}
        </Menu.Dropdown>
      </Menu>
      {current === undefined && Object.keys(now).length > 0 && (
        <ActButton
          may="self" label={text('keep')} about={text('keepAbout')} reason="none" icon={<IconBookmarkPlus size={16} aria-hidden />} changes={['views']} draft={`view:${page}`} done={text('kept')}
          fields={{
            initial: { name: '', shared: false },
            show: (values, set, problemOf) => (
              <>
                <TextInput label={text('name')} required maxLength={60} data-autofocus value={values.name} error={problemOf('name')} onChange={(event) => set({ name: event.currentTarget.value })} />
                <Switch label={text('share')} description={text('shareHint')} checked={values.shared} onChange={(event) => set({ shared: event.currentTarget.checked })} />
              </>
            ),
          }}
          request={(values) => ({ method: 'POST', path: '/views', body: { page, name: values.name.trim(), shared: values.shared, filters: values.shared ? Object.fromEntries(Object.entries(now).filter(([name]) => name !== 'q')) : now } })}
        />
      )}
      {current !== undefined && (
        <>
          <ActButton
            may="self" reason="none" icon={<IconUsers size={16} aria-hidden />} label={text(current.shared ? 'toOwn' : 'toShared')} about={text(current.shared ? 'toOwnAbout' : 'toSharedAbout', { name: current.name })}
            changes={['views']} draft={`view-share:${current.id}`} done={text('changed')} request={() => ({ method: 'PATCH', path: `/views/${current.id}`, body: { shared: !current.shared } })}
          />
          <ActButton
            may="self" reason="none" color="red" icon={<IconTrash size={16} aria-hidden />} label={text('remove')} about={text('removeAbout', { name: current.name })}
            changes={['views']} draft={`view-remove:${current.id}`} done={text('removed')} request={() => ({ method: 'DELETE', path: `/views/${current.id}` })}
          />
        </>
      )}
    </Group>
  )
}

function Item({ view, label, apply }: { view: SavedView; label: string; apply: Props['apply'] }) {
  return <Menu.Item onClick={() => apply(textsOf(view))}><span className="wrap">{label}</span></Menu.Item>
}
