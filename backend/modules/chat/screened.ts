import type { Ctx } from '../../platform/ctx.ts'
import { mask, type FlagKind, type Screen } from '../moderation/index.ts'

/** What screening found in a text, kept with its message in the same statement: its kinds, and the text as it was sent. */
export type Flag = { kinds: readonly FlagKind[]; text: string }
export type Screened = { body: string; flag?: Flag }

/** What is stored of a text, and what is to be looked at because of it, as the settings say. Asks nobody. */
export function screened({ settings }: Pick<Ctx, 'settings'>, screen: Screen, text: string): Screened {
  const found = screen(text)
  if (found === undefined) return { body: text }
  const kinds = settings.get('flagContacts') ? found.kinds : found.kinds.filter((kind) => kind !== 'contact')
  const body = settings.get('maskContacts') ? mask(text, found.spans) : text
  return kinds.length === 0 ? { body } : { body, flag: { kinds, text } }
}
