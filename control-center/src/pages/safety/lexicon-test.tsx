import { Badge, Button, Card, Group, Select, Stack, Text, Textarea, TextInput, Title } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { CheckReply } from '../../../../backend/modules/moderation/contract.ts'
import { useAct } from '../../api/acts.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { TERM_KINDS } from './codes.ts'
import { useLexiconText } from './texts.ts'

/** Reads a text as a message would be read, also with a term that is not in the lexicon yet. Nothing is kept of it. */
export function TestBox() {
  const text = useLexiconText()
  const act = useAct<CheckReply>([])
  const [values, setValues] = useState({ text: '', term: '', kind: 'crisis' })
  const [found, setFound] = useState<CheckReply>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const term = values.term.trim()
    setFound((await act.run('POST', '/lexicon/check', { text: values.text, ...(term === '' ? {} : { term: { kind: values.kind, term } }) }))?.body)
  }
  const kindsOf = (kinds: readonly string[]) => kinds.map((kind) => text(TERM_KINDS.find((known) => known === kind) ?? 'crisis'))
  return (
    <Card withBorder component="section" aria-label={text('box')}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <div>
            <Title order={2} size="h5">{text('box')}</Title>
            <Text size="sm" c="dimmed">{text('boxAbout')}</Text>
          </div>
          <Textarea label={text('boxText')} required autosize minRows={2} maxRows={8} maxLength={16_000} value={values.text} onChange={(event) => { const { value } = event.currentTarget; setValues((was) => ({ ...was, text: value })) }} />
          <Group align="flex-end" gap="sm">
            <TextInput label={text('boxTerm')} w={260} value={values.term} error={act.problem?.errors.find(({ path }) => path.startsWith('term'))?.message} onChange={(event) => { const { value } = event.currentTarget; setValues((was) => ({ ...was, term: value })) }} />
            <Select label={text('boxKind')} w={150} allowDeselect={false} value={values.kind} onChange={(value) => setValues((was) => ({ ...was, kind: value ?? 'crisis' }))} data={TERM_KINDS.map((value) => ({ value, label: text(value) }))} />
            <Button type="submit" loading={act.isRunning}>{text('check')}</Button>
          </Group>
          <ProblemAlert error={act.problem} />
          {found !== undefined && (
            <Stack gap={6} role="status">
              <Group gap={6}><Text size="sm">{text('finds')}:</Text>{found.kinds.length === 0 ? <Badge variant="light" color="gray" tt="none">{text('nothing')}</Badge> : kindsOf(found.kinds).map((kind) => <Badge key={kind} variant="light" color="orange" tt="none">{kind}</Badge>)}</Group>
              {found.matches.length > 0 && <Text size="sm" className="wrap">{text('found')}: {found.matches.map(({ kind, term }) => `${term} (${text(kind)})`).join(', ')}</Text>}
              {found.masked !== values.text && <Text size="sm" className="wrap">{text('maskedAs')}: {found.masked}</Text>}
            </Stack>
          )}
        </Stack>
      </form>
    </Card>
  )
}
