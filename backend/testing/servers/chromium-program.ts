import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchedBefore, fetchProgram, onPath, toolFolder, type Program } from './distribution.ts'

/** A browser, and the variables that it must be started with. */
export type Chromium = { path: string; env: Record<string, string> }

/** How the runner hands what it found to its files. */
export const CHROMIUM_VARIABLE = 'TEST_CHROMIUM'
const SHELL = 'chromium-headless-shell'
const WHOLE = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Text has glyphs only where there is a font. The program in usr/bin is a script that knows the system's folders alone. */
const FONT = 'fonts-dejavu-core'
const TRIES = [
  { packages: [SHELL, FONT], program: `usr/lib/chromium/${SHELL}`, beside: ['chromium-common'] },
  { packages: ['chromium', FONT], program: 'usr/lib/chromium/chromium', beside: ['chromium-common'] },
  { packages: ['chromium-browser', FONT], program: 'usr/lib/chromium-browser/chromium-browser' },
]

/**
 * Finds a Chromium without windows: the headless shell on PATH, one fetched before, else fetched now from the
 * distribution; where that can't be, a whole Chromium on PATH, whose unseen windows cost some twenty times the work.
 * Throws ServerUnavailable.
 */
export function findChromium(): Chromium {
  const shell = onPath([SHELL])
  if (shell && shows({ path: shell, libraryPath: '' })) return { path: shell, env: {} }
  const before = fetchedBefore('chromium')
  if (before && shows(before)) return withFonts(before)
  try {
    return withFonts(fetchProgram('chromium', 'no chromium-headless-shell is installed', TRIES, shows))
  } catch (error) {
    const whole = onPath(WHOLE)
    if (whole && shows({ path: whole, libraryPath: '' })) return { path: whole, env: {} }
    throw error
  }
}

/** Whether it shows a page: one that lacks a library or its own data tells its version all the same. */
function shows({ path, libraryPath }: Program): boolean {
  const page = spawnSync(path, ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', 'data:text/html,<p>halo'], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...(libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }) } })
  return page.status === 0 && page.stdout.includes('<p>halo')
}

function withFonts({ path, libraryPath }: Program): Chromium {
  const folder = toolFolder('chromium')
  const file = join(folder, 'fonts.conf')
  const folders = ['/usr/share/fonts', join(folder, 'root/usr/share/fonts')]
  mkdirSync(join(folder, 'font-cache'), { recursive: true })
  writeFileSync(file, `<?xml version="1.0"?>\n<fontconfig>${folders.map((dir) => `<dir>${dir}</dir>`).join('')}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>\n`)
  return { path, env: { LD_LIBRARY_PATH: libraryPath, FONTCONFIG_FILE: file } }
}
