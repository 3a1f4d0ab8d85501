import type { Ctx } from '../../platform/ctx.ts'
import type { Settings } from '../../platform/settings.ts'
import { versionOf } from './queries.ts'
import { checkSetting, isSettingName } from './rules.ts'
import { settings } from './tables.ts'

// One load after another: the later one then has the later snapshot, and an old answer never replaces a new one.
const lastLoad = new WeakMap<Settings, Promise<void>>()
// Told once, not at every reading.
const refused = new WeakMap<Settings, Map<string, string>>()

/** Puts what the table says into force on this replica: one query. A row that no longer fits its bounds is skipped and logged. */
export function loadSettings(ctx: Ctx): Promise<void> {
  const before = lastLoad.get(ctx.settings) ?? Promise.resolve()
  const load = before.catch(() => {}).then(() => readAll(ctx))
  lastLoad.set(ctx.settings, load)
  return load
}

async function readAll(ctx: Ctx): Promise<void> {
  const rows = await ctx.sql.select({ key: settings.key, value: settings.value, version: settings.version, updatedAt: settings.updatedAt }).from(settings)
  const values: Record<string, unknown> = {}
  for (const { key, value } of rows) {
    if (!isSettingName(key)) continue // a newer or older version of the service knows it
    const checked = checkSetting(key, value)
    if (checked.ok) values[key] = checked.value
    else warnOnce(ctx, key, JSON.stringify(value))
  }
  ctx.settings.load(values, { version: versionOf(rows), changedAt: new Map(rows.map((row) => [row.key, row.updatedAt])) })
}

function warnOnce(ctx: Ctx, key: string, value: string): void {
  const known = refused.get(ctx.settings) ?? new Map<string, string>()
  refused.set(ctx.settings, known)
  if (known.get(key) === value) return
  known.set(key, value)
  ctx.log.warn({ setting: key }, 'a stored setting is out of its bounds: the default is in force')
}
