import { ActionIcon, AppShell, Burger, Group, Menu, NavLink, ScrollArea, Text, Title, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconUserCircle } from '@tabler/icons-react'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { createElement, lazy, Suspense, useEffect, useRef } from 'react'
import { useGo } from '../address.ts'
import { useKnown, useMay, useMe } from '../api/me.tsx'
import { LiveMark } from '../live/mark.tsx'
import { GROUPS, PAGES, type PageEntry } from '../pages.tsx'
import { LANGUAGES, setLanguage, useLanguage, type Language } from '../texts.ts'
import { useCode } from '../texts-common.ts'
import { SwitchesBanner } from './switches-banner.tsx'
import { useTitles } from './titles.ts'
import { useShellText } from './texts.ts'

const BADGES = new Map(PAGES.flatMap(({ path, badge }) => (badge ? [[path, lazy(async () => ({ default: (await badge()).Badge }))] as const] : [])))

const SCHEMES: readonly MantineColorScheme[] = ['light', 'dark', 'auto']
// Loaded beside the page, not before it.
const SearchBox = lazy(async () => ({ default: (await import('../pages/people/search-box.tsx')).SearchBox }))

/** What stands around every page: where one is, where one can go, who one is. */
export function Frame() {
  const text = useShellText()
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  const main = useRef<HTMLElement>(null)
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    close()
    // Whoever reads with a screen reader or the keyboard begins where the new page begins.
    main.current?.focus({ preventScroll: true })
  }, [path, close])
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 240, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding="md">
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); main.current?.focus() }}>{text('skip')}</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={text('menu')} aria-expanded={isOpen} />
            <Title order={2} size="h5" component="p">halobestie</Title>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <HeaderSlots />
            <Own />
          </Group>
        </Group>
      </AppShell.Header>
      {/* Closed it is only moved out of sight: its links would still be stops of the keyboard. */}
      <AppShell.Navbar p="xs" aria-label={text('navigation')} {...(isOpen ? {} : { visibleFrom: 'sm' })}>
        <ScrollArea type="auto" scrollbarSize={6}><Pages path={path} /></ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" ref={main} tabIndex={-1} style={{ outline: 'none', minWidth: 0 }}>
        <SwitchesBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}

/** Parts of the header that pages bring: the search for anybody and anything, the connection of the live board. */
function HeaderSlots() {
  return (
    <>
      <Suspense><SearchBox /></Suspense>
      <LiveMark />
    </>
  )
}

function Pages({ path }: { path: string }) {
  const titles = useTitles()
  const isSeen = useIsSeen()
  return GROUPS.map((group) => {
    const pages = PAGES.filter((page) => page.group === group && isSeen(page))
    if (pages.length === 0) return null
    return (
      <section key={group} aria-labelledby={`group-${group}`}>
        <Text id={`group-${group}`} size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>{titles(group)}</Text>
        {pages.map((page) => <PageLink key={page.path} page={page} isHere={page.path === '/' ? path === '/' : path === page.path || path.startsWith(`${page.path}/`)} />)}
      </section>
    )
  })
}

function PageLink({ page, isHere }: { page: PageEntry; isHere: boolean }) {
  const titles = useTitles()
  const go = useGo()
  const badge = BADGES.get(page.path)
  return (
    <NavLink
      href={page.path} label={titles(page.title)} active={isHere} aria-current={isHere ? 'page' : undefined} variant="light" style={{ borderRadius: 'var(--mantine-radius-md)' }}
      leftSection={page.icon && <page.icon size={18} stroke={1.6} />} rightSection={badge && <Suspense>{createElement(badge)}</Suspense>}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        go(page.path)
      }}
    />
  )
}

function Own() {
  const text = useShellText()
  const titles = useTitles()
  const code = useCode()
  const go = useGo()
  const { staff } = useMe()
  const { signOut } = useKnown()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const language = useLanguage()
  return (
    <Menu position="bottom-end" width={240} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`${titles('account')}: ${staff.displayName}`}><IconUserCircle /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label><Text size="sm" fw={600} className="wrap">{staff.displayName}</Text><Text size="xs">{code(staff.role)}</Text></Menu.Label>
        <Menu.Item onClick={() => go('/account')}>{titles('account')}</Menu.Item>
        <Menu.Label>{text('theme')}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {SCHEMES.map((scheme) => <Menu.RadioItem key={scheme} value={scheme} closeMenuOnClick>{text(scheme)}</Menu.RadioItem>)}
        </Menu.RadioGroup>
        <Menu.Label>{text('language')}</Menu.Label>
        <Menu.RadioGroup value={language} onChange={(each) => setLanguage(each as Language)}>
          {LANGUAGES.map((each) => <Menu.RadioItem key={each} value={each} lang={each} closeMenuOnClick>{each === 'en' ? 'English' : 'Bahasa Indonesia'}</Menu.RadioItem>)}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{text('signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Whether the signed-in person's role sees a page. */
export function useIsSeen(): (page: Pick<PageEntry, 'act'>) => boolean {
  const may = useMay()
  return (page) => (typeof page.act === 'string' ? may(page.act) : page.act.some(may))
}
