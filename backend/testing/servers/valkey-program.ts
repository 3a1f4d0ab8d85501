import { fetchedBefore, fetchProgram, onPath, works, type Program } from './distribution.ts'

export type ValkeyProgram = Program

const PROGRAMS = ['valkey-server', 'redis-server']
/** How a test runner hands what it found to its test files. */
export const PROGRAM_VARIABLE = 'TEST_VALKEY_PROGRAM'

/** Finds a Valkey (or Redis 7) server: handed over by a runner, on PATH, fetched before, else fetched now. Throws ServerUnavailable. */
export function findValkey(): ValkeyProgram {
  const handed = process.env[PROGRAM_VARIABLE]
  if (handed) return JSON.parse(handed) as ValkeyProgram
  const path = onPath(PROGRAMS)
  if (path) return { path, libraryPath: '' }
  const before = fetchedBefore('valkey')
  if (before && works(before)) return before
  return fetchProgram('valkey', 'no valkey-server or redis-server is installed', PROGRAMS.map((name) => ({ packages: [name], program: `usr/bin/${name}` })))
}
