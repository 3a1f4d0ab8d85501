import { NumberInput, type ButtonProps } from '@mantine/core'
import type { MitraForStaff } from '../../../../backend/modules/staff/control-contract.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { usePeopleText } from './texts.ts'

const CHANGES = ['mitras', 'board'] as const
type Verb = 'approve' | 'reject' | 'deactivate' | 'reactivate'
const DONE = { approve: 'approved', reject: 'rejected', deactivate: 'deactivated', reactivate: 'reactivated' } as const

function Act({ mitra, verb, color, size }: { mitra: MitraForStaff; verb: Verb; color: string; size?: ButtonProps['size'] }) {
  const text = usePeopleText()
  return (
    <ActButton
      may={verb === 'deactivate' ? 'mitras.deactivate' : 'mitras.approve'} label={text(verb)} about={text(`${verb}About`)} color={color} variant="light" {...(size ? { size } : {})}
      request={({ reason }) => ({ method: 'POST', path: `/mitras/${mitra.id}/${verb}`, body: { reason } })}
      changes={CHANGES} draft={`mitra.${verb}.${mitra.id}`} done={text(DONE[verb])}
    />
  )
}

/** A yes or a no to an application. */
export function Decide({ mitra, size }: { mitra: MitraForStaff; size?: ButtonProps['size'] }) {
  return (
    <>
      <Act mitra={mitra} verb="approve" color="green" {...(size ? { size } : {})} />
      <Act mitra={mitra} verb="reject" color="red" {...(size ? { size } : {})} />
    </>
  )
}

/** What may be done with a mitra as they stand; whether the role may is asked by each button. */
export function MitraActs({ mitra }: { mitra: MitraForStaff }) {
  return (
    <>
      {mitra.status === 'applied' && <Decide mitra={mitra} />}
      {mitra.status === 'approved' && <Act mitra={mitra} verb="deactivate" color="red" />}
      {mitra.status === 'deactivated' && <Act mitra={mitra} verb="reactivate" color="green" />}
      <Capacity mitra={mitra} />
    </>
  )
}

function Capacity({ mitra }: { mitra: MitraForStaff }) {
  const text = usePeopleText()
  return (
    <ActButton
      may="mitras.approve" label={text('changeCapacity')} about={text('capacityAbout')} reason="optional" changes={CHANGES} draft={`mitra.capacity.${mitra.id}.${mitra.capacity}`} done={text('capacityChanged')}
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
