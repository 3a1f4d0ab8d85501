import { Card, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import type { InboxEventView } from '../../../../backend/modules/staff/inbox-contract.ts'
import { useId } from '../../address.ts'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { useClaim, useCode } from './codes.ts'
import { IdLink, Section, ShortId, useOffered } from './parts.tsx'
import { MoneyState } from './state.tsx'
import { useMoneyText } from './texts.ts'
import { useBooksText } from './texts-books.ts'

/** One event of a provider: why it is parked, and what it claims, before it is judged again. */
export function Page() {
  const text = useBooksText()
  const money = useMoneyText()
  const code = useCode()
  const claim = useClaim()
  const id = useId()
  const { data, error, refetch } = useGet<{ event: InboxEventView }>('inbox', `/inbox-events/${id}`)
  const replay = useOffered(data?.event.acts)('replay')
  if (!data) return <PageFrame title={text('event')}><ProblemAlert error={error} again={() => void refetch()} /></PageFrame>
  const { event } = data
  const why = event.reason === null ? money('nothing') : code(event.reason)
  const claims = Object.entries(event.claims ?? {}).filter(([, value]) => value !== undefined && value !== null)
  return (
    <PageFrame
      title={`${text('event')} …${id.slice(-8)}`} about={event.state === 'parked' ? `${text('why')}: ${why}` : undefined}
      acts={replay.isShown && (
        <ActButton
          may="parked.replay" label={text('replay')} about={text('replayAbout')} icon={<IconRefresh size={16} aria-hidden />} variant="filled" disabled={replay.disabled} reason="optional"
          request={({ reason }) => ({ method: 'POST', path: `/inbox-events/${id}/replay`, body: reason === '' ? {} : { reason } })} changes={['inbox', 'payments', 'approvals']} draft={`replay.${id}`} done={text('replayDone')}
        />
      )}
    >
      <ProblemAlert error={error} />
      <Card withBorder>
        <Facts
          items={[
            [money('state'), <MoneyState key="state" state={event.state} />], [text('why'), why], [text('provider'), event.provider], [money('kind'), code(event.kind)], [money('payment'), <IdLink key="payment" to="/payments" id={event.paymentId} />],
            [text('subject'), event.subjectId === null ? money('nothing') : event.kind.startsWith('refund') ? <IdLink key="subject" to="/refunds" id={event.subjectId} /> : event.kind.startsWith('payout') ? <IdLink key="subject" to="/payouts" id={event.subjectId} /> : <ShortId key="subject" id={event.subjectId} />],
            [text('receivedAt'), <Time key="at" at={event.receivedAt} />], [text('times'), event.receivedCount], [text('attempts'), event.attempts], [text('settledAt'), <Time key="settled" at={event.settledAt} />],
          ]}
        />
      </Card>
      <Section title={text('claims')}>
        {claims.length === 0 ? <Text size="sm">{text('claimsNone')}</Text> : <Facts items={claims.map(([name, value]) => [claim(name), name.endsWith('Idr') && typeof value === 'number' ? <Money key={name} idr={value} /> : typeof value === 'string' ? value : JSON.stringify(value)] as const)} />}
      </Section>
    </PageFrame>
  )
}
