import type { Language } from '../identity/contract.ts'

/** Where a text stands: the inbox, the push (where it differs), the e-mail, the SMS. */
export const PARTS = ['title', 'body', 'pushTitle', 'pushBody', 'emailSubject', 'emailBody', 'sms'] as const
export type Part = (typeof PARTS)[number]

/** ICU messages; a part that is absent is the service's own. */
export type Parts = Partial<Record<Part, string>>

/** What staff have written for one template in one language. */
export type Override = { version: number; parts: Parts }
/** What is in force on this replica, from memory. */
export type Overrides = { find(key: string, language: Language): Override | undefined }

/** Without the parts that say nothing: they are the service's own. */
export function writtenParts(of: Partial<Record<Part, string | null | undefined>>): Parts {
  return Object.fromEntries(PARTS.flatMap((part) => {
    const text = of[part]?.trim() ?? ''
    return text === '' ? [] : [[part, text]]
  }))
}
