import { Select, Textarea } from '@mantine/core'
import type { CaseView } from '../../../../backend/modules/safety/contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { useAssignees } from './assignees.ts'
import { OUTCOMES } from './codes.ts'
import { GiveSanction } from './give-sanction.tsx'
import { TakeButton } from './take-button.tsx'
import { useCaseText } from './texts.ts'

const CHANGES = ['cases', 'alerts', 'board'] as const

/** What may be done with a case; what may not now is seen and can't be pressed, so that a dialog never closes over what is typed in it. */
export function CaseActs({ one }: { one: CaseView }) {
  const text = useCaseText()
  const assignees = useAssignees()
  const base = `/cases/${one.id}`
  const isClosed = one.state === 'closed'
  return (
    <>
      {one.state === 'open' && <TakeButton id={one.id} />}
      <ActButton
        may="safety.act" disabled={isClosed} label={text('assign')} about={text('assignAbout')} reason="optional" draft={`case-assign-${one.id}`} done={text('assignDone')} changes={CHANGES}
        fields={{
          initial: { to: '' },
          show: (values, set, problemOf) => (
            <Select
              label={text('assignTo')} required searchable value={values.to === '' ? null : values.to} error={problemOf('to')} onChange={(value) => set({ to: value ?? '' })}
              data={assignees.filter(({ id }) => id !== one.takenBy).map(({ id, displayName, taken }) => ({ value: id, label: `${displayName} · ${text('has', { count: taken })}` }))}
            />
          ),
        }}
        request={({ to, reason }) => ({ method: 'POST', path: `${base}/assign`, body: { to, from: one.takenBy, ...(reason === '' ? {} : { reason }) } })}
      />
      <ActButton
        may="safety.act" disabled={one.state !== 'taken'} label={text('release')} about={text('releaseAbout')} draft={`case-release-${one.id}`} done={text('releaseDone')} changes={CHANGES}
        request={({ reason }) => ({ method: 'POST', path: `${base}/release`, body: { reason } })}
      />
      <NoteButton one={one} />
      <GiveSanction userId={one.subjectId} caseId={one.id} label={text('sanctionSubject')} />
      <ActButton
        may="safety.act" disabled={isClosed} label={text('close')} about={text('closeAbout')} draft={`case-close-${one.id}`} done={text('closeDone')} changes={CHANGES}
        fields={{
          initial: { outcome: 'no_action' },
          show: (values, set) => <Select label={text('outcome')} required allowDeselect={false} value={values.outcome} onChange={(value) => set({ outcome: value ?? 'no_action' })} data={OUTCOMES.map((value) => ({ value, label: text(`outcome_${value}`) }))} />,
        }}
        request={({ outcome, reason }) => ({ method: 'POST', path: `${base}/close`, body: { outcome, reason } })}
      />
    </>
  )
}

function NoteButton({ one }: { one: CaseView }) {
  const text = useCaseText()
  return (
    <ActButton
      may="safety.act" label={text('addNote')} about={text('noteAbout')} reason="none" draft={`case-note-${one.id}`} done={text('noteDone')} changes={['cases']}
      fields={{
        initial: { text: '' },
        show: (values, set, problemOf) => <Textarea label={text('note')} required autosize minRows={3} maxRows={10} maxLength={2000} value={values.text} error={problemOf('text')} onChange={(event) => set({ text: event.currentTarget.value })} />,
      }}
      request={(values) => ({ method: 'POST', path: `/cases/${one.id}/notes`, body: { text: values.text.trim() } })}
    />
  )
}
