import { Button, Group, Select, TextInput } from '@mantine/core'
import { IconFilterOff } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import type { Query } from '../../api/call.ts'
import { DownloadButton } from '../../parts/download.tsx'
import { useCommon } from '../../texts-common.ts'
import { useCode } from './codes.ts'

export type Field<K extends string> = { name: K; label: string } & ({ options: readonly string[] } | { type: 'text' | 'date' })
type Props<K extends string> = {
  fields: readonly Field<K>[]
  values: Partial<Record<K, string | undefined>>
  change: (next: Partial<Record<K, string | undefined>>) => void
  /** Where the list comes as a file. */
  csv?: { path: string; query?: Query }
}

/** The filters of a list, which stand in the address; choices hold at once, what is typed with Enter or on leaving the field. */
export function Filters<K extends string>({ fields, values, change, csv }: Props<K>) {
  const text = useCommon()
  const code = useCode()
  const isSet = fields.some(({ name }) => values[name] !== undefined)
  const set = (name: K, value: string | undefined) => change({ [name]: value } as Partial<Record<K, string | undefined>>) // a computed name is any string to the compiler
  return (
    <Group gap="sm" align="flex-end">
      {fields.map((field) => ('options' in field
        ? (
            <Select
              key={field.name} label={field.label} w={170} size="sm" clearable placeholder={text('all')} data={field.options.map((value) => ({ value, label: code(value) }))}
              value={values[field.name] ?? null} onChange={(value) => set(field.name, value ?? undefined)} clearButtonProps={{ 'aria-label': `${text('clear')}: ${field.label}` }}
            />
          )
        : <Typed key={`${field.name} ${values[field.name] ?? ''}`} label={field.label} type={field.type} value={values[field.name] ?? ''} onSet={(value) => set(field.name, value === '' ? undefined : value)} />))}
      {isSet && <Button variant="subtle" leftSection={<IconFilterOff size={16} aria-hidden />} onClick={() => change(Object.fromEntries(fields.map(({ name }) => [name, undefined])) as Partial<Record<K, undefined>>)}>{text('clear')}</Button>}
      {csv && <DownloadButton path={csv.path} query={{ ...csv.query, format: 'csv' }} />}
    </Group>
  )
}

function Typed({ label, type, value, onSet }: { label: string; type: 'text' | 'date'; value: string; onSet: (value: string) => void }) {
  const [typed, setTyped] = useState(value)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSet(typed.trim())
  }
  return (
    <form onSubmit={submit}>
      <TextInput
        label={label} type={type} w={type === 'date' ? 160 : 220} size="sm" value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          if (type === 'date') onSet(event.currentTarget.value)
        }}
        onBlur={() => { if (typed.trim() !== value) onSet(typed.trim()) }}
      />
    </form>
  )
}
