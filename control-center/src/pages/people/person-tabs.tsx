import { Tabs } from '@mantine/core'
import type { ReactNode } from 'react'
import { useFilters } from '../../address.ts'

export type PersonTab = { name: string; title: string; show: () => ReactNode }

/** Parts of a person's record; which is open stands in the address. A part that the role doesn't see is not among them. */
export function PersonTabs({ tabs, label }: { tabs: readonly (PersonTab | false)[]; label: string }) {
  const [{ tab }, change] = useFilters(['tab'])
  const seen = tabs.filter((one) => one !== false)
  const open = seen.find(({ name }) => name === tab) ?? seen[0]
  return (
    <Tabs value={open?.name ?? null} onChange={(name) => change({ tab: name === seen[0]?.name ? undefined : name ?? undefined })} keepMounted={false}>
      <Tabs.List aria-label={label}>{seen.map(({ name, title }) => <Tabs.Tab key={name} value={name}>{title}</Tabs.Tab>)}</Tabs.List>
      {seen.map(({ name, show }) => <Tabs.Panel key={name} value={name} pt="md">{name === open?.name && show()}</Tabs.Panel>)}
    </Tabs>
  )
}
