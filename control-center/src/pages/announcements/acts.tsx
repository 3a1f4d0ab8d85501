import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core'
import type { ReactNode } from 'react'
import type { AnnouncementView, DryRunView } from '../../../../backend/modules/announcements/contract.ts'
import { useFormat } from '../../format.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Compose } from './compose.tsx'
import { bodyOf, idsOf, typedOf, type Typed } from './draft.ts'
import { useAnnouncementText } from './texts.ts'

/** `version`: what was there when the dialog was opened. */
type Start = { version: number }
type Edit = Typed & { version: number }

/** What may be done with an announcement in its state; nothing goes over a colleague's change unseen. */
export function Acts({ announcement, counted }: { announcement: AnnouncementView; counted: DryRunView | undefined }) {
  const text = useAnnouncementText()
  const format = useFormat()
  const { id, state, version } = announcement
  const path = `/announcements/${id}`
  const steer = (verb: string) => ({ reason }: { reason: string }) => ({ method: 'POST' as const, path: `${path}/${verb}`, body: { version, reason } })
  const shared = { may: 'announcements.send', changes: ['announcements'] } as const
  const edit: Edit = { ...typedOf(announcement), version }
  return (
    <>
      <ActButton<Start>
        {...shared} label={text('start')} isOffered={state === 'draft'} variant="filled" color="green" about={counted ? text('startCounted', { number: format.number(counted.people) }) : text('startAbout')}
        fields={{ initial: { version }, show: (values, set) => values.version !== version && (
          <Overtaken about={text('overtakenStart')}><Button size="compact-sm" variant="default" onClick={() => set({ version })}>{text('lookedAgain')}</Button></Overtaken>
        ) }}
        request={({ version: seen, reason }) => ({ method: 'POST', path: `${path}/start`, body: { version: seen, reason, ...(counted ? { expected: counted.people } : {}) } })} draft={`announcement.start.${id}`} done={text('started')}
      />
      <ActButton<Edit>
        {...shared} label={text('edit')} isOffered={state === 'draft'} about={text('editAbout')} reason="none"
        fields={{ initial: edit, show: (values, set, problemOf) => (
          <>
            {values.version !== version && (
              <Overtaken about={text('overtakenEdit')}>
                <Button size="compact-sm" variant="default" onClick={() => set(edit)}>{text('takeTheirs')}</Button>
                <Button size="compact-sm" variant="default" onClick={() => set({ version })}>{text('keepMine')}</Button>
              </Overtaken>
            )}
            <Compose values={values} set={set} problemOf={problemOf} />
          </>
        ) }}
        request={(values) => ({ method: 'PATCH', path, body: { ...bodyOf(values), version: values.version } })} draft={`announcement.edit.${id}`} done={text('changed')}
      />
      <ActButton {...shared} label={text('pause')} isOffered={state === 'running' || state === 'scheduled'} about={text('pauseAbout')} request={steer('pause')} draft={`announcement.pause.${id}`} done={text('pausedDone')} />
      <ActButton {...shared} label={text('resume')} isOffered={state === 'paused'} variant="filled" about={text('resumeAbout')} request={steer('resume')} draft={`announcement.resume.${id}`} done={text('resumed')} />
      <ActButton<{ ids: string }>
        {...shared} label={text('test')} about={text('testAbout')}
        fields={{ initial: { ids: '' }, show: (values, set, problemOf) => <Textarea label={text('testIds')} required autosize minRows={2} value={values.ids} error={problemOf('userIds')} onChange={(event) => set({ ids: event.currentTarget.value })} /> }}
        request={({ ids, reason }) => ({ method: 'POST', path: `${path}/test`, body: { userIds: idsOf(ids), reason } })} draft={`announcement.test.${id}`} done={text('tested')}
      />
      <ActButton {...shared} label={text('cancel')} isOffered={state !== 'done' && state !== 'cancelled'} color="red" about={text('cancelAbout')} request={steer('cancel')} draft={`announcement.cancel.${id}`} done={text('cancelled')} />
    </>
  )
}

function Overtaken({ about, children }: { about: string; children: ReactNode }) {
  const text = useAnnouncementText()
  return <Alert color="orange" variant="light" title={text('overtaken')} role="alert"><Stack gap="xs"><Text size="sm">{about}</Text><Group gap="xs">{children}</Group></Stack></Alert>
}
