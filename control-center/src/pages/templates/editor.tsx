import { Alert, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { useMay } from '../../api/me.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { useTextDraft, type TextOf } from './draft.ts'
import { Fields } from './fields.tsx'
import { TemplateHistory } from './history.tsx'
import { PreviewCards } from './preview.tsx'
import { useTemplateCode, useTemplateText } from './texts.ts'
import { usePreview } from './use-preview.ts'

const PAUSE_MS = 250

/** The words of one language: typed on the left, seen as people would see them on the right, with their history below. */
export function Editor({ of, one }: { of: TemplateView; one: TextOf }) {
  const text = useTemplateText()
  const code = useTemplateCode()
  const may = useMay()
  const draft = useTextDraft(of.key, one, of.usable)
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(of.variables.map(({ name, example }) => [name, String(example)])))
  const [asked] = useDebouncedValue({ parts: draft.parts, values }, PAUSE_MS)
  const preview = usePreview(of, one.language, asked.parts, asked.values)
  const hasErrors = (preview.data?.errors.length ?? 0) > 0
  const path = `/notice-templates/${of.key}/${one.language}`
  const parts = draft.changed.map((part) => code('part', part)).join(', ')
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Card withBorder component="section" aria-label={text('editor')}>
          <Stack gap="md">
            <Group justify="space-between" gap="xs"><Title order={2} size="h5">{text('editor')}</Title>{draft.changed.length > 0 && <Badge variant="light" color="orange" tt="none">{text('unsaved')}</Badge>}</Group>
            {!may('settings.write') && <Text size="sm" c="dimmed">{text('readOnly')}</Text>}
            {draft.isOvertaken && (
              <Alert color="orange" variant="light" title={text('overtaken')} role="alert">
                <Stack gap="xs">
                  <Text size="sm">{text('overtakenText', { version: one.version, began: draft.version === 0 ? text('standardText') : text('written', { version: draft.version }) })}</Text>
                  <Group gap="xs"><Button size="compact-sm" variant="default" onClick={draft.discard}>{text('takeTheirs')}</Button><Button size="compact-sm" variant="default" onClick={draft.keep}>{text('keepMine')}</Button></Group>
                </Stack>
              </Alert>
            )}
            <Fields of={of} one={one} draft={draft} remarks={preview.data?.errors ?? []} />
            <Group gap="xs">
              <ActButton
                may="settings.write" variant="filled" label={text('save')} disabled={draft.changed.length === 0 || hasErrors} about={text('saveAbout', { version: draft.version + 1, parts })} draft={`template-save-${of.key}-${one.language}`} done={text('saved')} changes={['templates']}
                request={({ reason }) => ({ method: 'PUT', path, body: { parts: draft.parts, version: draft.version, reason } })} onDone={draft.discard}
              />
              {draft.changed.length > 0 && <Button variant="default" onClick={draft.discard}>{text('discard')}</Button>}
              <ActButton
                may="settings.write" isOffered={one.isWritten} label={text('toStandard')} about={text('toStandardAbout')} draft={`template-standard-${of.key}-${one.language}`} done={text('restored')} changes={['templates']}
                request={({ reason }) => ({ method: 'POST', path: `${path}/restore`, body: { to: 'standard', version: one.version, reason } })} onDone={draft.discard}
              />
            </Group>
          </Stack>
        </Card>
        <PreviewCards of={of} preview={preview} language={one.language} values={values} setValue={(name, value) => setValues((was) => ({ ...was, [name]: value }))} />
      </SimpleGrid>
      <TemplateHistory of={of} one={one} />
    </Stack>
  )
}
