import { NumberInput, Switch, Textarea, TextInput } from '@mantine/core'
import type { SettingView } from '../../../../backend/modules/settings/contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { useCodeText, useSettingText } from './texts.ts'
import { draftOf, useValueWords, valueOf } from './values.ts'

/** Changes one setting; over a colleague's change it is refused, and what was typed stays. */
export function ChangeSetting({ one }: { one: SettingView }) {
  const text = useSettingText()
  const words = useValueWords()
  return (
    <ActButton
      may="settings.write" size="compact-sm" label={text('changeOf', { key: one.key })} draft={`setting-${one.key}`} done={text('changeDone', { key: one.key })} changes={['settings']} reason="required"
      about={<>{one.about} {text('changeAbout', { standard: words.show(one.default), bounds: words.bounds(one) })}</>}
      fields={{ initial: { draft: draftOf(one.value) }, show: (values, set, problemOf) => <Field one={one} draft={values.draft} set={(draft) => set({ draft })} problem={problemOf('value')} /> }}
      request={({ draft, reason }) => ({ method: 'PUT', path: `/settings/${one.key}`, body: { value: valueOf(one.type, draft), reason, version: one.version } })}
    />
  )
}

function Field({ one, draft, set, problem }: { one: SettingView; draft: string; set: (draft: string) => void; problem: string | undefined }) {
  const text = useSettingText()
  const code = useCodeText()
  const label = text('newValue')
  if (one.type === 'flag') return <Switch label={draft === 'true' ? text('on') : text('off')} checked={draft === 'true'} error={problem} onChange={(event) => set(String(event.currentTarget.checked))} />
  if (one.type === 'int') return <NumberInput label={label} required value={draft === '' ? '' : Number(draft)} allowDecimal={false} clampBehavior="none" suffix={one.unit === undefined || one.unit === 'count' ? '' : ` ${code('unit', one.unit)}`} error={problem} onChange={(value) => set(String(value))} />
  if (one.type === 'text') return <TextInput label={label} required value={draft} error={problem} onChange={(event) => set(event.currentTarget.value)} />
  return <Textarea label={label} description={text('line')} autosize minRows={3} value={draft} error={problem} onChange={(event) => set(event.currentTarget.value)} />
}
