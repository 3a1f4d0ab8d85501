import { loadSettings } from '../modules/settings/index.ts'
import type { Ctx } from '../platform/ctx.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { TestApp } from './app.ts'

/** Changes settings for every replica, at once and for good: what was only put into force would be gone with the next reading of the table. */
export async function changeSettings(app: Pick<TestApp, 'query'> & { replicas: readonly { ctx: Ctx }[] }, values: Partial<SettingValues>): Promise<void> {
  await app.query('insert into settings (key, value) select key, value from jsonb_each($1::jsonb) on conflict (key) do update set value = excluded.value', [JSON.stringify(values)])
  await Promise.all(app.replicas.map(({ ctx }) => loadSettings(ctx)))
}
