import { Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useAct } from '../../api/acts.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { PersonName, Time } from '../../parts/values.tsx'
import { useSessionText } from './texts.ts'

type Person = { id: string; displayName: string | null }
type Line = { seq: number; senderId: string | null; body: string | null; sentAt: string }
/** As the route answers it, with the reason that was stated. Lives in the page alone: it is neither cached nor kept. */
export type Transcript = { sessionId: string; customer: Person; mitra: Person; items: Line[]; nextCursor: string | null; reason: string }

/** What two people wrote, page by page; each page is another reading for the same reason. */
export function TranscriptCard({ transcript, conversationId, close }: { transcript: Transcript; conversationId: string; close: () => void }) {
  const text = useSessionText()
  const act = useAct<Omit<Transcript, 'reason'>>([])
  const [lines, setLines] = useState(transcript.items)
  const [next, setNext] = useState(transcript.nextCursor)
  const more = async () => {
    const answer = await act.run('POST', `/conversations/${conversationId}/transcript?limit=50&cursor=${next}`, { reason: transcript.reason })
    if (!answer) return
    setLines((was) => [...was, ...answer.body.items])
    setNext(answer.body.nextCursor)
  }
  const nameOf = (id: string) => [transcript.customer, transcript.mitra].find((person) => person.id === id)?.displayName
  return (
    <Card withBorder component="section" aria-label={text('transcriptTitle')}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">{text('transcriptTitle')}</Title>
        <Button size="compact-sm" variant="default" onClick={close}>{text('hide')}</Button>
      </Group>
      <Stack gap="sm" role="list">
        {lines.length === 0 && <Text size="sm" c="dimmed">{text('noMessages')}</Text>}
        {lines.map((line) => (
          <div key={line.seq} role="listitem">
            <Group gap="xs">
              <Text size="sm" fw={600} span>{line.senderId === null ? text('bySystem') : <PersonName name={nameOf(line.senderId)} id={line.senderId} />}</Text>
              <Text size="xs" c="dimmed" span><Time at={line.sentAt} /></Text>
            </Group>
            <Text size="sm" className="wrap" style={{ whiteSpace: 'pre-wrap' }} {...(line.body === null ? { c: 'dimmed', fs: 'italic' } : {})}>{line.body ?? text(line.senderId === null ? 'bySystem' : 'deleted')}</Text>
          </div>
        ))}
        <ProblemAlert error={act.problem} />
        {next !== null && <Group justify="center"><Button variant="default" loading={act.isRunning} onClick={() => void more()}>{text('moreMessages')}</Button></Group>}
      </Stack>
    </Card>
  )
}
