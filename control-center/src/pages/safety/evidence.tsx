import { Button, Card, Group, Stack, Text, Textarea, Title } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { z } from 'zod'
import type { evidenceReply } from '../../../../backend/modules/safety/contract.ts'
import { useAct } from '../../api/acts.ts'
import { useDraft } from '../../api/drafts.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useCommon } from '../../texts-common.ts'
import { useCaseText } from './texts.ts'
import { Who } from './who.tsx'

type Reply = z.output<typeof evidenceReply>

/** The messages of a case, for a reason that is written down first. They are gone from the page when it is left. */
export function Evidence({ caseId }: { caseId: string }) {
  const text = useCaseText()
  const common = useCommon()
  const act = useAct<Reply>([])
  const [reason, setReason, forget] = useDraft(`case-evidence-${caseId}`, '')
  const [shown, setShown] = useState<Reply>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act.run('POST', `/cases/${caseId}/evidence`, { reason: reason.trim() })
    if (!answer) return
    forget()
    setShown(answer.body)
  }
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h5">{text('evidence')}</Title>
        {shown === undefined
          ? (
              <form onSubmit={(event) => void submit(event)}>
                <Stack gap="sm">
                  <Text size="sm" c="dimmed">{text('evidenceAbout')}</Text>
                  <Textarea label={common('reason')} required maxLength={500} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
                  <ProblemAlert error={act.problem} />
                  <Group><Button type="submit" variant="default" loading={act.isRunning}>{text('showEvidence')}</Button></Group>
                </Stack>
              </form>
            )
          : (
              <>
                {shown.note !== null && <Text size="sm" className="wrap" style={{ whiteSpace: 'pre-wrap' }}><b>{text('reporterNote')}:</b> {shown.note}</Text>}
                {shown.items.length === 0 && <Text size="sm" c="dimmed">{text('evidenceEmpty')}</Text>}
                <Stack gap="xs" role="list" aria-label={text('evidence')}>
                  {shown.items.map((one) => (
                    <div key={`${one.seq} ${one.change}`} role="listitem">
                      <Text size="xs" c="dimmed">{one.senderId === null ? text('system') : <Who id={one.senderId} names={shown.names} />} · <Time at={one.sentAt} />{one.change > 0 ? ` · ${text('edited')}` : ''}</Text>
                      <Text size="sm" className="wrap" style={{ whiteSpace: 'pre-wrap' }}>{one.body ?? text('deleted')}</Text>
                    </div>
                  ))}
                </Stack>
                <Group><Button variant="default" onClick={() => setShown(undefined)}>{text('hideEvidence')}</Button></Group>
              </>
            )}
      </Stack>
    </Card>
  )
}
