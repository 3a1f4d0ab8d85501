import { Card, Group, NumberInput, Select, Skeleton, Stack, Textarea } from '@mantine/core'
import { useRef, useState } from 'react'
import type { SessionView } from '../../../../backend/modules/sessions/contract.ts'
import { useId } from '../../address.ts'
import { useMay } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { RowLink } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Clock, Money, PersonName, StateBadge, Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { useSessionCode, useSessionText } from './texts.ts'
import { SessionTimeline } from './timeline.tsx'
import { TranscriptCard, type Transcript } from './transcript.tsx'

const NEW_CREDIT: { amountIdr: number; days: number | '' } = { amountIdr: 10_000, days: '' }
const OPEN = ['queued', 'held', 'ringing', 'active', 'paused']

/** One session: how it stands, whose it is, all that happened to it, and what staff may do about it. */
export function Page() {
  const id = useId()
  const [titles, text] = [useTitles(), useSessionText()]
  const read = useGet<{ session: SessionView }>('sessions', `/sessions/${id}`)
  const [transcript, setTranscript] = useState<Transcript>()
  const session = read.data?.session
  if (session?.id !== id) {
    return <PageFrame title={titles('session')}>{read.error ? <ProblemAlert error={read.error} again={() => void read.refetch()} /> : <Skeleton height={200} />}</PageFrame>
  }
  return (
    <PageFrame title={text('session', { id: id.slice(-8) })} about={<StateBadge state={session.state} />} acts={<Acts session={session} onTranscript={setTranscript} />}>
      <Stack gap="md">
        <ProblemAlert error={read.error} again={() => void read.refetch()} />
        <SessionFacts session={session} />
        {transcript?.sessionId === id && <TranscriptCard key={transcript.reason} transcript={transcript} conversationId={session.conversationId ?? ''} close={() => setTranscript(undefined)} />}
        <SessionTimeline id={id} />
      </Stack>
    </PageFrame>
  )
}

function SessionFacts({ session }: { session: SessionView }) {
  const [text, code, may] = [useSessionText(), useCode(), useMay()]
  const reason = useSessionCode(code)
  const minutes = (count: number) => text('minutesOf', { count })
  const runs = session.state === 'active' && session.endsAt !== undefined
  return (
    <Card withBorder component="section" aria-label={text('facts')}>
      <Facts items={[
        [text('customer'), <RowLink key="customer" href={`/customers/${session.customer.id}`}><PersonName name={session.customer.displayName} id={session.customer.id} /></RowLink>],
        [text('mitra'), session.mitra ? <RowLink key="mitra" href={`/mitras/${session.mitra.id}`}><PersonName name={session.mitra.displayName} id={session.mitra.id} /></RowLink> : text('nobody')],
        [text('minutes'), minutes(session.package.minutes)],
        [text('extended'), session.extendedMinutes ? minutes(session.extendedMinutes) : undefined],
        [text('price'), <Money key="price" idr={session.package.priceIdr} />],
        [text('asked'), <Time key="asked" at={session.createdAt} />],
        [text('queue'), session.queue?.position],
        [text('started'), session.startedAt ? <Time key="started" at={session.startedAt} /> : undefined],
        [text('left'), runs ? <Clock key="left" until={session.endsAt!} /> : undefined],
        [text('ends'), runs ? <Time key="ends" at={session.endsAt} /> : undefined],
        [text('pausedSince'), session.pausedAt ? <Time key="paused" at={session.pausedAt} ago /> : undefined],
        [text('ended'), session.endedAt ? <Time key="ended" at={session.endedAt} /> : undefined],
        [text('endReason'), session.endReason ? reason(session.endReason) : undefined],
        [text('returned'), session.returnedIdr === undefined ? undefined : <Money key="returned" idr={session.returnedIdr} />],
        [text('topic'), session.topic], [text('language'), session.language],
        [text('payment'), session.payment && may('ledger.read') ? <RowLink key="payment" href={`/payments/${session.payment.id}`}><Money idr={session.payment.amountIdr} /> · {code(session.payment.state)}</RowLink> : undefined],
      ]} />
    </Card>
  )
}

function Acts({ session, onTranscript }: { session: SessionView; onTranscript: (transcript: Transcript) => void }) {
  const text = useSessionText()
  // Stated again for the pages that follow.
  const stated = useRef('')
  const { id, conversationId } = session
  const sides = [{ value: session.customer.id, label: `${text('customer')}: ${session.customer.displayName ?? session.customer.id.slice(-8)}` }, ...(session.mitra ? [{ value: session.mitra.id, label: `${text('mitra')}: ${session.mitra.displayName ?? session.mitra.id.slice(-8)}` }] : [])]
  return (
    <Group gap="xs">
      {conversationId !== undefined && (
        <ActButton
          may="transcripts.read" label={text('transcript')} about={text('transcriptAbout')} changes={['sessions']} draft={`transcript:${id}`} done={text('transcriptShown')}
          fields={{ initial: {}, show: () => null }}
          request={({ reason }) => { stated.current = reason; return { method: 'POST', path: `/conversations/${conversationId}/transcript?limit=50`, body: { reason } } }}
          onDone={(body) => onTranscript({ ...(body as Omit<Transcript, 'reason'>), reason: stated.current })} // the route's own reply
        />
      )}
      <ActButton
        may="safety.act" label={text('case')} about={text('caseAbout')} changes={['cases', 'alerts', 'sessions']} draft={`case:${id}`} done={text('caseDone')}
        fields={{
          initial: { subjectId: session.customer.id, note: '' },
          show: (values, set, problemOf) => (
            <>
              <Select label={text('aboutWhom')} required allowDeselect={false} data={sides} value={values.subjectId} error={problemOf('subjectId')} onChange={(subjectId) => set({ subjectId: subjectId ?? session.customer.id })} />
              <Textarea label={text('note')} autosize maxLength={2000} value={values.note} error={problemOf('note')} onChange={(event) => set({ note: event.currentTarget.value })} />
            </>
          ),
        }}
        request={({ subjectId, note, reason }) => ({ method: 'POST', path: '/cases', body: { subjectId, sessionId: id, reason, ...(note.trim() === '' ? {} : { note: note.trim() }) } })}
      />
      <ActButton
        may="credits.give" label={text('credit')} about={text('creditAbout')} changes={['customers', 'approvals', 'ledger', 'sessions']} draft={`session-credit:${id}`} done={text('creditDone')}
        fields={{
          initial: NEW_CREDIT,
          show: (values, set, problemOf) => (
            <>
              <NumberInput label={text('amount')} required min={1} max={1_000_000_000} allowDecimal={false} thousandSeparator="." decimalSeparator="," value={values.amountIdr} error={problemOf('amountIdr')} onChange={(amountIdr) => set({ amountIdr: Number(amountIdr) })} />
              <NumberInput label={text('validDays')} min={1} max={365} allowDecimal={false} value={values.days} error={problemOf('days')} onChange={(days) => set({ days: days === '' ? '' : Number(days) })} />
            </>
          ),
        }}
        request={({ amountIdr, days, reason }) => ({ method: 'POST', path: `/customers/${session.customer.id}/credit`, body: { amountIdr, reason, ...(days === '' ? {} : { days }) } })}
      />
      {OPEN.includes(session.state) && (
        <ActButton
          may="sessions.end" label={text('end')} about={text('endAbout')} color="red" changes={['sessions', 'board', 'ledger', 'payments']} draft={`end:${id}`} done={text('endDone')}
          request={({ reason }) => ({ method: 'POST', path: `/sessions/${id}/end`, body: { reason } })}
        />
      )}
    </Group>
  )
}
