import { eq, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { preferencesBody, type Preferences } from './contract.ts'
import { preferences } from './tables.ts'

/** A person's preferences, the defaults among them. */
export async function findPreferences(handle: Queryable, userId: string): Promise<Preferences> {
  const [row] = await handle.select({ values: preferences.values }).from(preferences).where(eq(preferences.userId, userId))
  return { ...preferencesBody.parse({}), ...row?.values }
}

/** Replaces all of them. */
export async function putPreferences(handle: Queryable, userId: string, values: Preferences): Promise<Preferences> {
  await handle.insert(preferences).values({ userId, values })
    .onConflictDoUpdate({ target: preferences.userId, set: { values, updatedAt: sql`app_now()` } })
  return values
}

/** Changes one of them alone: by a link in a letter, without a sign-in. */
export async function chooseDigest(handle: Queryable, userId: string, emailDigest: Preferences['emailDigest']): Promise<void> {
  await handle.insert(preferences).values({ userId, values: { emailDigest } })
    .onConflictDoUpdate({ target: preferences.userId, set: { values: sql`${preferences.values} || excluded.values`, updatedAt: sql`app_now()` } })
}
