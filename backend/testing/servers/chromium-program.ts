import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchedBefore, fetchProgram, onPath, toolFolder, works, type Program } from './distribution.ts'

/** A browser, and the variables that it must be started with. */
export type Chromium = { path: string; env: Record<string, string> }

/** How the runner hands what it found to its files. */
export const CHROMIUM_VARIABLE = 'TEST_CHROMIUM'
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Text has glyphs only where there is a font. The program in usr/bin is a script that knows the system's folders alone. */
const TRIES = [
  { packages: ['chromium', 'fonts-dejavu-core'], program: 'usr/lib/chromium/chromium' },
  { packages: ['chromium-browser', 'fonts-dejavu-core'], program: 'usr/lib/chromium-browser/chromium-browser' },
]

/** Finds a Chromium: on PATH, fetched before, else fetched now from the distribution. Throws ServerUnavailable. */
export function findChromium(): Chromium {
  const path = onPath(PROGRAMS)
  if (path && works({ path, libraryPath: '' })) return { path, env: {} }
  const before = fetchedBefore('chromium')
  return withFonts(before && works(before) ? before : fetchProgram('chromium', 'no chromium is installed', TRIES))
}

function withFonts({ path, libraryPath }: Program): Chromium {
  const folder = toolFolder('chromium')
  const file = join(folder, 'fonts.conf')
  const folders = ['/usr/share/fonts', join(folder, 'root/usr/share/fonts')]
  mkdirSync(join(folder, 'font-cache'), { recursive: true })
  writeFileSync(file, `<?xml version="1.0"?>\n<fontconfig>${folders.map((dir) => `<dir>${dir}</dir>`).join('')}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>\n`)
  return { path, env: { LD_LIBRARY_PATH: libraryPath, FONTCONFIG_FILE: file } }
}
