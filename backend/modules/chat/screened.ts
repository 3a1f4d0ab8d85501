import type { Ctx } from '../../platform/ctx.ts'
import { mask, type Screen } from '../moderation/index.ts'

/** What is stored of a text: all of it, or with ways to meet outside covered, as the setting says. Asks nobody. */
export function screened({ settings }: Pick<Ctx, 'settings'>, screen: Screen, text: string): { body: string } {
  const found = screen(text)
  if (found === undefined || !settings.get('maskContacts')) return { body: text }
  return { body: mask(text, found.spans) }
}
