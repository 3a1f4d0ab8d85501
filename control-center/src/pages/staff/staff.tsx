import { Badge, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { StaffView } from '../../../../backend/modules/staff/contract.ts'
import { useList } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { DataList } from '../../parts/list.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode } from '../../texts-common.ts'
import { passwordOf, TemporaryPassword } from './once.tsx'
import { useStaffText } from './texts.ts'

export const ROLES: readonly StaffView['role'][] = ['viewer', 'moderator', 'finance', 'admin', 'super_admin']

/** The accounts of all members of staff, the newest first. */
export function Page() {
  const text = useStaffText()
  const titles = useTitles()
  const code = useCode()
  const list = useList<StaffView>('staff', '/staff')
  const [password, setPassword] = useState<string>()
  return (
    <PageFrame title={titles('staff')} about={text('about')} acts={<Create onPassword={setPassword} />}>
      <TemporaryPassword password={password} onDone={() => setPassword(undefined)} />
      <DataList
        label={titles('staff')} list={list} idOf={(row) => row.id} to={(row) => `/staff/${row.id}`} empty={{ title: text('none'), text: text('noneText') }}
        columns={[
          { name: 'name', title: text('name'), show: (row) => row.displayName },
          { name: 'email', title: text('email'), show: (row) => row.email },
          { name: 'role', title: text('role'), show: (row) => code(row.role) },
          { name: 'state', title: text('state'), show: (row) => <AccountState account={row} /> },
          { name: 'totp', title: text('totp'), show: (row) => (row.totpEnrolled ? text('enrolled') : row.totpRequired ? text('needed') : text('notEnrolled')) },
          { name: 'since', title: text('since'), show: (row) => <Time at={row.createdAt} /> },
        ]}
      />
    </PageFrame>
  )
}

/** Whether somebody may come in. */
export function AccountState({ account }: { account: StaffView }) {
  const text = useStaffText()
  if (!account.active) return <Badge variant="light" color="red" tt="none">{text('off')}</Badge>
  if (account.lockedUntil !== null) return <span>{text('locked')} <Time at={account.lockedUntil} /></span>
  return <Badge variant="light" color="green" tt="none">{text('active')}</Badge>
}

function Create({ onPassword }: { onPassword: (password: string | undefined) => void }) {
  const text = useStaffText()
  const code = useCode()
  const initial: { email: string; displayName: string; role: string } = { email: '', displayName: '', role: 'viewer' }
  return (
    <ActButton
      may="staff.manage" label={text('create')} about={text('createAbout')} variant="filled" reason="none" changes={['staff']} draft="staff.create" done={text('created')} onDone={(body) => onPassword(passwordOf(body))}
      fields={{
        initial,
        show: (values, set, problemOf) => (
          <>
            <TextInput label={text('name')} required maxLength={100} value={values.displayName} error={problemOf('displayName')} onChange={(event) => set({ displayName: event.currentTarget.value })} data-autofocus />
            <TextInput label={text('email')} type="email" required maxLength={254} value={values.email} error={problemOf('email')} onChange={(event) => set({ email: event.currentTarget.value })} />
            <NativeSelect label={text('role')} value={values.role} data={ROLES.map((role) => ({ value: role, label: code(role) }))} onChange={(event) => set({ role: event.currentTarget.value })} />
          </>
        ),
      }}
      request={({ email, displayName, role }) => ({ method: 'POST', path: '/staff', body: { email, displayName, role } })}
    />
  )
}
