import type { Env } from '../../platform/env.ts'
import { layMail } from '../channels/index.ts'
import type { Language } from '../identity/index.ts'
import { channelsOf, checkTemplate, knownKey } from './check-template.ts'
import { exampleValues } from './example-values.ts'
import { definitionOf, type TemplateKey } from './notices.ts'
import { renderNotice, type Rendered } from './render-notice.ts'
import { segmentsOf } from './sms-segments.ts'
import type { TemplatePreview } from './template-contract.ts'
import { writtenParts, type Part } from './template-parts.ts'

export type PreviewTemplate = { key: string; language: Language; parts: { [P in Part]?: string | null | undefined }; variables: Readonly<Record<string, string | number | null>> }

/** What people would read of a text that nobody has stored yet, and what would keep it from being stored. Throws `not_found` for a key that is none. */
export function previewTemplate(env: Env, { key: name, language, parts: given, variables }: PreviewTemplate): TemplatePreview {
  const key = knownKey(name)
  const parts = writtenParts(given)
  const channels = channelsOf(key)
  const values = Object.fromEntries(Object.entries({ ...exampleValues(key), ...variables }).filter((entry): entry is [string, string | number] => entry[1] !== null))
  const { title, body, push, email, sms, faults } = renderNotice(key, language, values, { override: parts })
  return {
    inbox: channels.includes('inbox') ? { title, body } : null, push: channels.includes('push') ? push : null, email: channels.includes('email') ? letterOf(env, key, language, email) : null,
    sms: channels.includes('sms') ? { text: sms, segments: segmentsOf(sms) } : null,
    ...checkTemplate(key, language, parts),
    // What is wrong whatever the variables are stands among the errors.
    faults: faults.filter(({ reason }) => reason === 'missing_variable').map(({ field, language: of, by, reason, variable }) => ({ part: field, language: of, by, reason, variable: variable ?? null })),
  }
}

function letterOf(env: Env, key: TemplateKey, language: Language, { subject, body }: Rendered['email']): TemplatePreview['email'] {
  const { text, html } = layMail(env, { userId: null, kind: definitionOf(key).kind, subject, text: body, language, isUnproven: key === 'email.proof' })
  return { subject, text, html }
}
