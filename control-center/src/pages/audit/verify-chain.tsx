import { Alert, Button, Card, Code, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { IconCircleCheck, IconAlertTriangle } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { VerdictReply } from '../../../../backend/modules/staff/control-contract.ts'
import { useAct } from '../../api/acts.ts'
import { ProblemAlert } from '../../parts/problem.tsx'
import { useAuditText } from './texts.ts'

const PROBLEMS = ['content', 'chain', 'missing', 'unexpected', 'head'] as const

/** Verifies the whole chain, a stretch after the other, and says how far it is and where it broke. */
export function VerifyChain() {
  const text = useAuditText()
  const act = useAct<VerdictReply>([])
  const [last, setLast] = useState<VerdictReply>()
  const [isOn, setOn] = useState(false)
  const wanted = useRef(false)
  useEffect(() => () => { wanted.current = false }, [])

  const run = async () => {
    wanted.current = true
    setOn(true)
    let next = last?.ok === true ? last.next : null
    while (wanted.current) {
      // Each stretch begins with the hash at which the one before it ended: they can't be asked for at once.
      // oxlint-disable-next-line no-await-in-loop -- each stretch of the chain begins where the one before it ended
      const answer = await act.run('POST', '/audit/verify', next === null ? {} : { after: next })
      if (!answer) break
      setLast(answer.body)
      next = answer.body.next
      if (next === null) break
    }
    wanted.current = false
    setOn(false)
  }
  const isHalfway = last?.ok === true && last.next !== null
  const share = last?.headSeq ? Math.min(100, (last.checked / last.headSeq) * 100) : 0
  return (
    <Card withBorder component="section" aria-label={text('verify')}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <Stack gap={2} style={{ flex: '1 1 18rem', minWidth: 0 }}>
            <Title order={2} size="h5">{text('verify')}</Title>
            <Text size="sm" c="dimmed">{text('verifyAbout')}</Text>
          </Stack>
          {isOn ? <Button variant="default" onClick={() => { wanted.current = false }}>{text('stop')}</Button> : <Button onClick={() => void run()}>{isHalfway ? text('goOn') : text('verify')}</Button>}
        </Group>
        <ProblemAlert error={act.problem} />
        {(isOn || isHalfway) && <Progress value={share} aria-label={text('progress')} />}
        {isHalfway && <Text size="sm" role="status">{text('rows', { count: last.checked })} {text('ofRows', { count: last.headSeq ?? 0 })}</Text>}
        {last?.ok === true && last.next === null && (
          <Alert color="green" variant="light" icon={<IconCircleCheck aria-hidden />} title={text('whole')} role="status">
            <Text size="sm">{text('wholeText', { count: last.checked })}</Text>
            <Code block className="wrap">{last.headHash}</Code>
          </Alert>
        )}
        {last?.ok === false && (
          <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text('broken', { seq: last.brokenSeq ?? 0 })} role="alert">
            <Text size="sm">{text(`problem_${PROBLEMS.find((known) => known === last.problem) ?? 'content'}`)} {text('brokenText', { checked: last.checked })}</Text>
          </Alert>
        )}
      </Stack>
    </Card>
  )
}
