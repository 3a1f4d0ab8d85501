import { useEffect } from 'react'
import type { TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { useDraft } from '../../api/drafts.ts'

export type TextOf = TemplateView['languages'][number]
export type Part = TemplateView['usable'][number]
export type Parts = TextOf['written']
/** What is typed, and with what it began. */
type Typed = { version: number; base: Parts; parts: Parts }

export type TextDraft = {
  parts: Parts
  /** The version that it began with: what is sent along. */
  version: number
  changed: Part[]
  /** Somebody else has stored another version since. */
  isOvertaken: boolean
  set: (part: Part, text: string) => void
  /** Goes on with what is typed, over what is in force now. */
  keep: () => void
  /** Forgets what is typed. */
  discard: () => void
}

const beginning = (of: TextOf): Typed => ({ version: of.version, base: of.written, parts: of.written })
const isSame = (a: string | null, b: string | null) => (a ?? '').trim() === (b ?? '').trim()

/** What somebody is writing for one language: kept in this tab until it is stored, and never put over a colleague's without asking. */
export function useTextDraft(key: string, of: TextOf, usable: readonly Part[]): TextDraft {
  const [typed, setTyped, forget] = useDraft<Typed>(`template-${key}-${of.language}`, beginning(of))
  const changed = usable.filter((part) => !isSame(typed.parts[part], typed.base[part]))
  const isBehind = typed.version !== of.version
  const isUntouched = changed.length === 0
  // Nothing is lost: nobody has typed anything.
  useEffect(() => {
    if (isBehind && isUntouched) setTyped(beginning(of))
  }, [isBehind, isUntouched, of, setTyped])
  return {
    parts: typed.parts, version: typed.version, changed, isOvertaken: isBehind && !isUntouched,
    set: (part, text) => setTyped((was) => ({ ...was, parts: { ...was.parts, [part]: text } })),
    keep: () => setTyped((was) => ({ ...was, version: of.version, base: of.written })),
    discard: forget,
  }
}
