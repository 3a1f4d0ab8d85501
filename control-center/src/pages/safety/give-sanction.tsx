import { Checkbox, Select, Textarea, TextInput } from '@mantine/core'
import { serverNow } from '../../api/server-time.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { SANCTION_KINDS } from './codes.ts'
import { useSanctionText } from './texts.ts'

const DAYS = [1, 3, 7, 30, 90, 365]
const DAY_MS = 86_400_000

/** Warns, suspends or bans somebody; whom is asked for where it is not known. */
export function GiveSanction({ userId, caseId, label }: { userId?: string; caseId?: string; label?: string }) {
  const text = useSanctionText()
  return (
    <ActButton
      may="safety.act" label={label ?? text('give')} about={text('giveAbout')} color="red" draft={`sanction-${caseId ?? userId ?? 'new'}`} done={text('giveDone')}
      changes={['sanctions', 'cases', 'customers', 'mitras', 'sessions', 'board']}
      fields={{
        initial: { userId: userId ?? '', kind: 'warning', days: '7', message: '', giveBack: false },
        show: (values, set, problemOf) => (
          <>
            {userId === undefined && <TextInput label={text('userId')} required value={values.userId} error={problemOf('userId')} onChange={(event) => set({ userId: event.currentTarget.value })} />}
            <Select
              label={text('kind')} required allowDeselect={false} value={values.kind} data={SANCTION_KINDS.map((value) => ({ value, label: text(value) }))}
              onChange={(value) => set({ kind: SANCTION_KINDS.find((known) => known === value) ?? 'warning' })}
            />
            {values.kind === 'suspension' && (
              <Select label={text('days')} required allowDeselect={false} value={values.days} error={problemOf('until')} onChange={(value) => set({ days: value ?? '7' })} data={DAYS.map((count) => ({ value: String(count), label: text('day', { count }) }))} />
            )}
            <Textarea label={text('message')} autosize minRows={2} maxLength={500} value={values.message} error={problemOf('message')} onChange={(event) => set({ message: event.currentTarget.value })} />
            {values.kind !== 'warning' && <Checkbox label={text('giveBack')} checked={values.giveBack} onChange={(event) => set({ giveBack: event.currentTarget.checked })} />}
          </>
        ),
      }}
      request={({ kind, days, message, giveBack, reason, ...values }) => ({
        method: 'POST', path: '/sanctions',
        body: {
          userId: values.userId.trim(), kind, reason,
          ...(kind === 'suspension' ? { until: new Date(serverNow() + Number(days) * DAY_MS).toISOString() } : {}),
          ...(message.trim() === '' ? {} : { message: message.trim() }), ...(caseId === undefined ? {} : { caseId }),
          ...(kind !== 'warning' && giveBack ? { giveBack } : {}),
        },
      })}
    />
  )
}
