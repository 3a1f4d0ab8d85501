import { Badge, Button, Group, List, Select, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { ImportReply } from '../../../../backend/modules/moderation/contract.ts'
import { useAct } from '../../api/acts.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { TERM_KINDS } from './codes.ts'
import { useLexiconText } from './texts.ts'

type Values = { kind: string; language: string; lines: string }
const COLORS = { new: 'green', known: 'gray', refused: 'red' } as const
const linesOf = (text: string) => text.split('\n').slice(0, 500)

/** Many terms, a line each: looked through first if one likes, and stored all or not at all. */
export function ImportTerms() {
  const text = useLexiconText()
  const [outcome, setOutcome] = useState<ImportReply>()
  return (
    <>
      <ActButton
        may="lexicon.write" label={text('import')} about={text('importAbout')} draft="terms-import" done={text('importDone')} changes={['lexicon']}
        fields={{
          initial: { kind: 'crisis', language: 'id', lines: '' },
          show: (values, set, problemOf) => <Fields values={values} set={set} problemOf={problemOf} />,
        }}
        request={({ kind, language, lines, reason }) => ({ method: 'POST', path: '/lexicon/import', body: { kind, language, lines: linesOf(lines), reason } })}
        onDone={(body) => setOutcome(body as ImportReply)} // the contract of the route
      />
      {outcome !== undefined && (
        <Stack gap={4} role="status" w="100%">
          <Text size="sm">{text('importDone')}: {text('stored', { count: outcome.stored })}</Text>
          {outcome.stored === 0 && <Verdicts of={outcome} />}
        </Stack>
      )}
    </>
  )
}

function Fields({ values, set, problemOf }: { values: Values; set: (change: Partial<Values>) => void; problemOf: (path: string) => string | undefined }) {
  const text = useLexiconText()
  const act = useAct<ImportReply>([])
  const [looked, setLooked] = useState<ImportReply>()
  const look = async () => setLooked((await act.run('POST', '/lexicon/import', { kind: values.kind, language: values.language, lines: linesOf(values.lines), reason: '–', dryRun: true }))?.body)
  return (
    <>
      <Group grow>
        <Select label={text('kind')} allowDeselect={false} value={values.kind} onChange={(value) => set({ kind: value ?? 'crisis' })} data={TERM_KINDS.map((value) => ({ value, label: text(value) }))} />
        <Select label={text('language')} allowDeselect={false} value={values.language} onChange={(value) => set({ language: value ?? 'id' })} data={[{ value: 'id', label: text('id') }, { value: 'en', label: text('en') }]} />
      </Group>
      <Textarea label={text('lines')} description={text('hint')} required autosize minRows={5} maxRows={14} value={values.lines} error={problemOf('lines')} onChange={(event) => set({ lines: event.currentTarget.value })} />
      <Group><Button variant="default" size="compact-sm" loading={act.isRunning} disabled={values.lines.trim() === ''} onClick={() => void look()}>{text('preview')}</Button></Group>
      <ProblemAlert error={act.problem} />
      {looked !== undefined && <Verdicts of={looked} />}
    </>
  )
}

function Verdicts({ of }: { of: ImportReply }) {
  const text = useLexiconText()
  return (
    <List size="sm" listStyleType="none" role="status">
      {of.items.map(({ line, term, verdict, message }) => (
        <List.Item key={line}>
          <Text span size="xs" c="dimmed">{text('line', { line })}</Text> {term} <Badge variant="light" color={COLORS[verdict]} tt="none">{text(`verdict_${verdict}`)}</Badge>{message === null ? '' : ` ${message}`}
        </List.Item>
      ))}
    </List>
  )
}
