import type { Ctx } from '../../platform/ctx.ts'
import { SETTINGS, type SettingName } from '../../platform/settings-catalogue.ts'
import { loadSettings } from './load-settings.ts'

/** Told to every replica after the commit of a change. */
export const SETTINGS_CHANNEL = 'settings:changed'
/** A kill switch must be in force within seconds, also with Valkey away. */
const REREAD_MS = 4000

export type SettingsChanged = (names: readonly SettingName[]) => void
export type SettingsWatch = {
  /** Called on this replica after values changed, whoever changed them. */
  onSettingsChanged(listener: SettingsChanged): void
  stop(): Promise<void>
}

/** Keeps this replica's values fresh: at once by pub/sub, and by a slow re-read for what pub/sub lost. */
export function watchSettings(ctx: Ctx, options: { rereadMs?: number } = {}): SettingsWatch {
  const listeners: SettingsChanged[] = []
  let known = inForce(ctx)
  let isStopped = false
  let running: Promise<void> | undefined
  let isAgain = false

  const reload = async () => {
    await loadSettings(ctx)
    const next = inForce(ctx)
    const changed = [...next].filter(([name, text]) => known.get(name) !== text).map(([name]) => name)
    known = next
    if (changed.length > 0) for (const listener of listeners) listener(changed)
  }
  const refresh = () => {
    if (isStopped) return
    if (running) {
      isAgain = true // what runs may have read before the change that calls us
      return
    }
    running = reload()
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'settings could not be read again'))
      .finally(() => {
        running = undefined
        if (!isAgain) return
        isAgain = false
        refresh()
      })
  }

  ctx.valkey.subscribe(SETTINGS_CHANNEL, refresh)
  ctx.valkey.onConnect(refresh)
  const timer = setInterval(refresh, options.rereadMs ?? REREAD_MS).unref()
  return {
    onSettingsChanged: (listener) => void listeners.push(listener),
    async stop() {
      isStopped = true
      clearInterval(timer)
      await running
    },
  }
}

function inForce(ctx: Ctx): Map<SettingName, string> {
  const names = Object.keys(SETTINGS) as SettingName[]
  return new Map(names.map((name) => [name, JSON.stringify(ctx.settings.get(name))]))
}
