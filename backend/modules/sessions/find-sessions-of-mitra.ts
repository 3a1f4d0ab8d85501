import { eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { sessions } from './tables.ts'

/** The ids of every session that this mitra has served or serves. */
export async function findSessionsOfMitra(handle: Queryable, mitraId: string): Promise<string[]> {
  const rows = await handle.select({ id: sessions.id }).from(sessions).where(eq(sessions.mitraId, mitraId))
  return rows.map((row) => row.id)
}
