import { Button, Center, Loader } from '@mantine/core'
import { createRootRoute, createRoute, createRouter, Navigate, type ErrorComponentProps } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { useGo } from './address.ts'
import { PAGES, type PageEntry } from './pages.tsx'
import { Empty } from './parts/empty.tsx'
import { PageFrame } from './parts/page.tsx'
import { Frame, useIsSeen } from './shell/frame.tsx'
import { useShellText } from './shell/texts.ts'
import { useCommon } from './texts-common.ts'

const root = createRootRoute({ component: Frame, notFoundComponent: Missing, errorComponent: Broken })
const routes = PAGES.map((page) => createRoute({ getParentRoute: () => root, path: page.path, component: guarded(page), errorComponent: Broken }))
const first = PAGES.some(({ path }) => path === '/') ? [] : [createRoute({ getParentRoute: () => root, path: '/', component: First })]

export const router = createRouter({
  routeTree: root.addChildren([...routes, ...first]),
  defaultPreload: false,
  scrollRestoration: true,
  // Filters are words of the address: `?q=12` is a text, not a number.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(search).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, String(value)]]))).toString()
    return text === '' ? '' : `?${text}`
  },
})

function guarded(page: PageEntry) {
  const Loaded = lazy(async () => ({ default: (await page.load()).Page }))
  return function Guarded() {
    const isSeen = useIsSeen()
    if (!isSeen(page)) return <Forbidden />
    return <Suspense fallback={<Waiting />}><Loaded /></Suspense>
  }
}

function Waiting() {
  const text = useCommon()
  return <Center p="xl"><Loader role="status" aria-label={text('loading')} /></Center>
}

// Whose role does not see the first page begins with the first one that it does see.
function First() {
  const isSeen = useIsSeen()
  const page = PAGES.find((each) => each.group !== undefined && isSeen(each))
  return <Navigate to={page?.path ?? '/account'} replace />
}

function Forbidden() {
  const text = useShellText()
  return <PageFrame title={text('forbiddenTitle')}><Empty title={text('forbiddenTitle')} act={<Home />}>{text('forbiddenText')}</Empty></PageFrame>
}

function Missing() {
  const text = useShellText()
  return <PageFrame title={text('missingTitle')}><Empty title={text('missingTitle')} act={<Home />}>{text('missingText')}</Empty></PageFrame>
}

function Home() {
  const text = useShellText()
  const go = useGo()
  return <Button variant="default" onClick={() => go('/')}>{text('home')}</Button>
}

function Broken({ error }: ErrorComponentProps) {
  const text = useShellText()
  // Where a new version has been brought out, the files of the old one are gone: the page is loaded again, once a minute at most.
  useEffect(() => {
    if (!(error instanceof Error) || !/dynamically imported module|module script/i.test(error.message)) return
    const last = Number(sessionStorage.getItem('halobestie.reloaded') ?? 0)
    if (Date.now() - last < 60_000) return
    sessionStorage.setItem('halobestie.reloaded', String(Date.now()))
    location.reload()
  }, [error])
  return <PageFrame title={text('brokenTitle')}><Empty title={text('brokenTitle')} act={<Button onClick={() => location.reload()}>{text('reload')}</Button>}>{text('brokenText')}</Empty></PageFrame>
}
