import { Button, Fieldset, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useRef } from 'react'
import type { TemplatePreview, TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { useMay } from '../../api/me.tsx'
import type { Part, TextDraft, TextOf } from './draft.ts'
import { useTemplateCode, useTemplateText } from './texts.ts'

type Field = HTMLInputElement | HTMLTextAreaElement
type Props = { of: TemplateView; one: TextOf; draft: TextDraft; remarks: TemplatePreview['errors'] }

const GROUPS = [
  { name: 'inApp', parts: ['title', 'body'] }, { name: 'inPush', parts: ['pushTitle', 'pushBody'] }, { name: 'inEmail', parts: ['emailSubject', 'emailBody'] }, { name: 'inSms', parts: ['sms'] },
] as const satisfies readonly { name: string; parts: readonly Part[] }[]
const ONE_LINE: readonly Part[] = ['title', 'pushTitle', 'emailSubject']

/** What is written, part by part, and the variables that can stand in it. */
export function Fields({ of, one, draft, remarks }: Props) {
  const text = useTemplateText()
  const fields = useRef<Partial<Record<Part, Field | null>>>({})
  const last = useRef<Part>(of.usable.includes('body') ? 'body' : 'sms')
  const insert = (words: string) => {
    const part = last.current
    const field = fields.current[part]
    const now = draft.parts[part] ?? ''
    const [from, to] = [field?.selectionStart ?? now.length, field?.selectionEnd ?? now.length]
    draft.set(part, now.slice(0, from) + words + now.slice(to))
    // Once it stands there: the next word goes on behind it.
    requestAnimationFrame(() => {
      field?.focus()
      field?.setSelectionRange(from + words.length, from + words.length)
    })
  }
  return (
    <>
      <Variables of={of} language={one.language} insert={insert} />
      {GROUPS.map(({ name, parts }) => {
        const usable = parts.filter((part) => of.usable.includes(part))
        if (usable.length === 0) return null
        return (
          <Fieldset key={name} legend={<Text span size="sm" fw={650}>{text(name)}</Text>} variant="unstyled">
            <Stack gap="xs">
              {usable.map((part) => <PartField key={part} part={part} isSensitive={of.isSensitive} one={one} draft={draft} remarks={remarks} seen={(field) => { fields.current[part] = field }} focused={() => { last.current = part }} />)}
            </Stack>
          </Fieldset>
        )
      })}
    </>
  )
}

type FieldProps = Omit<Props, 'of'> & { part: Part; isSensitive: boolean; seen: (field: Field | null) => void; focused: () => void }

function PartField({ part, isSensitive, one, draft, remarks, seen, focused }: FieldProps) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const may = useMay()
  const standard = one.standard[part]
  const errors = remarks.filter((remark) => remark.part === part).map(({ code: name, variable, message }) => code('remark', name, { variable: variable === undefined ? '' : `{${variable}}`, message }))
  const falls = part === 'sms' ? text('emptySms') : text('emptyFalls')
  const props = {
    ref: seen, label: code('part', part), description: standard === null && !isSensitive ? falls : text('emptyIs'), placeholder: standard ?? '', value: draft.parts[part] ?? '', readOnly: !may('settings.write'), lang: one.language,
    error: errors.length > 0 && errors.join(' '), onFocus: focused, onChange: (event: { currentTarget: Field }) => draft.set(part, event.currentTarget.value),
  }
  return ONE_LINE.includes(part) ? <TextInput {...props} /> : <Textarea {...props} autosize minRows={part === 'emailBody' ? 5 : 2} maxRows={16} />
}

function Variables({ of, language, insert }: { of: TemplateView; language: string; insert: (words: string) => void }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const may = useMay()
  if (of.variables.length === 0) return <Text size="sm" c="dimmed">{text('noVariables')}</Text>
  const isReadOnly = !may('settings.write')
  return (
    <Stack gap={4} role="group" aria-label={text('variables')}>
      <Text size="sm" fw={500}>{text('variables')}</Text>
      {!isReadOnly && <Text size="xs" c="dimmed">{text('variablesAbout')}</Text>}
      <Group gap={6}>
        {of.variables.map(({ name, type }) => (
          <Group key={name} gap={4}>
            <Button size="compact-sm" variant="light" ff="monospace" disabled={isReadOnly} aria-label={text('insert', { name: `{${name}}` })} onClick={() => insert(`{${name}}`)}>{`{${name}}`}</Button>
            <Text size="xs" c="dimmed">{code('type', type)}</Text>
            {type === 'count' && !isReadOnly && <Button size="compact-sm" variant="subtle" aria-label={text('insertPluralOf', { name: `{${name}}` })} onClick={() => insert(pluralOf(name, language))}>{text('insertPlural', { name })}</Button>}
          </Group>
        ))}
      </Group>
    </Stack>
  )
}

// Indonesian has one form for all numbers; English two.
function pluralOf(name: string, language: string): string {
  return language === 'id' ? `{${name}, plural, other {# …}}` : `{${name}, plural, one {# …} other {# …}}`
}
