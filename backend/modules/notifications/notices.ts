import type { Language } from '../identity/index.ts'
import { ACCOUNT_NOTICES } from './notices-account.ts'
import { MONEY_NOTICES } from './notices-money.ts'
import { SESSION_NOTICES } from './notices-session.ts'
import type { NoticeDefinition, NoticeTexts, VariablesOf } from './notice-types.ts'
import { TEXTS_EN } from './texts-en.ts'
import { TEXTS_ID } from './texts-id.ts'

/** Everything that people are told. What a notice is stands here, its words in `texts-id.ts` and `texts-en.ts`. */
export const NOTICES = { ...SESSION_NOTICES, ...MONEY_NOTICES, ...ACCOUNT_NOTICES } as const satisfies Record<string, NoticeDefinition>

export type TemplateKey = keyof typeof NOTICES
export const TEMPLATE_KEYS = Object.keys(NOTICES) as TemplateKey[] // its own keys, and no other

/** Built in; staff may put theirs in their place. */
export const TEXTS: Readonly<Record<Language, Readonly<Record<TemplateKey, NoticeTexts>>>> = { id: TEXTS_ID, en: TEXTS_EN }

export function definitionOf<K extends TemplateKey>(key: K): NoticeDefinition & Pick<(typeof NOTICES)[K], 'kind'> {
  return NOTICES[key]
}

export type VariablesOfTemplate<K extends TemplateKey> = VariablesOf<(typeof NOTICES)[K]>
