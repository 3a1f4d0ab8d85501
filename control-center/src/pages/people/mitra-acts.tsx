import { NumberInput } from '@mantine/core'
import type { MitraForStaff } from '../../../../backend/modules/staff/control-contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { usePeopleText } from './texts.ts'

const CHANGES = ['mitras', 'board'] as const
type Verb = 'approve' | 'reject' | 'deactivate' | 'reactivate'
const DONE = { approve: 'approved', reject: 'rejected', deactivate: 'deactivated', reactivate: 'reactivated' } as const

function Act({ mitra, verb, color, when }: { mitra: MitraForStaff; verb: Verb; color: string; when: MitraForStaff['status'] }) {
  const text = usePeopleText()
  return (
    <ActButton
      may={verb === 'deactivate' ? 'mitras.deactivate' : 'mitras.approve'} label={text(verb)} about={text(`${verb}About`)} color={color} variant="light" isOffered={mitra.status === when}
      request={({ reason }) => ({ method: 'POST', path: `/mitras/${mitra.id}/${verb}`, body: { reason } })}
      changes={CHANGES} draft={`mitra.${verb}.${mitra.id}`} done={text(DONE[verb])}
    />
  )
}

/** What may be done with a mitra as they stand; whether the role may is asked by each button. */
export function MitraActs({ mitra }: { mitra: MitraForStaff }) {
  return (
    <>
      <Act mitra={mitra} verb="approve" color="green" when="applied" />
      <Act mitra={mitra} verb="reject" color="red" when="applied" />
      <Act mitra={mitra} verb="deactivate" color="red" when="approved" />
      <Act mitra={mitra} verb="reactivate" color="green" when="deactivated" />
      <Capacity mitra={mitra} />
    </>
  )
}

function Capacity({ mitra }: { mitra: MitraForStaff }) {
  const text = usePeopleText()
  return (
    <ActButton
      may="mitras.approve" label={text('changeCapacity')} about={text('capacityAbout')} reason="optional" changes={CHANGES} draft={`mitra.capacity.${mitra.id}`} done={text('capacityChanged')}
      fields={{
        initial: { capacity: mitra.capacity },
        show: (values, set, problemOf) => (
          <NumberInput
            label={text('capacity')} min={1} max={10} clampBehavior="strict" allowDecimal={false} required value={values.capacity} error={problemOf('capacity')}
            onChange={(capacity) => set({ capacity: Number(capacity) })}
          />
        ),
      }}
      request={({ capacity, reason }) => ({ method: 'PATCH', path: `/mitras/${mitra.id}`, body: { capacity, ...(reason === '' ? {} : { reason }) } })}
    />
  )
}
