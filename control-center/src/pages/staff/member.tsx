import { Card, NativeSelect, Skeleton, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { StaffView } from '../../../../backend/modules/staff/contract.ts'
import { useId } from '../../address.ts'
import { useMe } from '../../api/me.tsx'
import { useGet } from '../../api/queries.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { Facts } from '../../parts/facts.tsx'
import { PageFrame } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem.tsx'
import { Time } from '../../parts/values.tsx'
import { useTitles } from '../../shell/titles.ts'
import { useCode, useCommon } from '../../texts-common.ts'
import { passwordOf, TemporaryPassword } from './once.tsx'
import { SessionsList } from './sessions-list.tsx'
import { AccountState, ROLES } from './staff.tsx'
import { useStaffText } from './texts.ts'

/** One member of staff: role, sign-in, and where they are signed in. */
export function Page() {
  const id = useId()
  const text = useStaffText()
  const common = useCommon()
  const titles = useTitles()
  const code = useCode()
  const [password, setPassword] = useState<string>()
  const { data: account, error, refetch } = useGet<StaffView>('staff', `/staff/${id}`)
  if (account?.id !== id) {
    return <PageFrame title={titles('staffMember')}>{error ? <ProblemAlert error={error} again={() => void refetch()} /> : <Skeleton height={200} aria-busy="true" />}</PageFrame>
  }
  return (
    <PageFrame title={account.displayName} about={code(account.role)} acts={<Acts account={account} onPassword={setPassword} />}>
      <TemporaryPassword password={password} onDone={() => setPassword(undefined)} />
      {error && <ProblemAlert error={error} again={() => void refetch()} />}
      <Card withBorder>
        <Facts items={[
          [text('email'), account.email], [text('role'), code(account.role)], [text('state'), <AccountState key="state" account={account} />],
          [text('totp'), `${account.totpEnrolled ? text('enrolled') : text('notEnrolled')}, ${account.totpRequired ? text('needed') : text('notNeeded')}`],
          [text('mustChange'), account.mustChangePassword ? common('yes') : common('no')], [text('since'), <Time key="since" at={account.createdAt} />],
        ]}
        />
      </Card>
      <SessionsList path={`/staff/${id}/sessions`} may="staff.manage" isOwn={false} />
    </PageFrame>
  )
}

type Change = { label: string; about?: string; done: string; body: Record<string, unknown>; color?: string; when?: boolean }

function Acts({ account, onPassword }: { account: StaffView; onPassword: (password: string | undefined) => void }): ReactNode {
  const text = useStaffText()
  const code = useCode()
  const isOwn = useMe().staff.id === account.id
  const path = `/staff/${account.id}`
  const present: { role: string } = { role: account.role }
  const change = ({ label, about, done, body, color, when = true }: Change) => (
    <ActButton
      key={label} may="staff.manage" isOffered={when} label={label} {...(about ? { about } : {})} {...(color ? { color, variant: 'light' } : {})} changes={['staff', 'me']} draft={`staff.${JSON.stringify(body)}.${account.id}`} done={done} onDone={(reply) => onPassword(passwordOf(reply))}
      request={({ reason }) => ({ method: 'PATCH', path, body: { ...body, reason } })}
    />
  )
  return (
    <>
      {/* One’s own role and activity are for another super_admin. */}
      {!isOwn && (
        <ActButton
          may="staff.manage" label={text('changeRole')} about={text('changeRoleAbout')} changes={['staff']} draft={`staff.role.${account.id}.${account.role}`} done={text('roleChanged')}
          fields={{ initial: present, show: ({ role }, set) => <NativeSelect label={text('role')} value={role} data={ROLES.map((each) => ({ value: each, label: code(each) }))} onChange={(event) => set({ role: event.currentTarget.value })} /> }}
          request={({ role, reason }) => ({ method: 'PATCH', path, body: { role, reason } })}
        />
      )}
      <ActButton
        may="staff.manage" label={text('rename')} reason="none" changes={['staff', 'me']} draft={`staff.name.${account.id}.${account.displayName}`} done={text('renamed')}
        fields={{ initial: { displayName: account.displayName }, show: ({ displayName }, set, problemOf) => <TextInput label={text('name')} required maxLength={100} value={displayName} error={problemOf('displayName')} onChange={(event) => set({ displayName: event.currentTarget.value })} /> }}
        request={({ displayName }) => ({ method: 'PATCH', path, body: { displayName } })}
      />
      {change({ label: text('unlock'), about: text('unlockAbout'), done: text('unlocked'), body: { unlock: true }, when: account.lockedUntil !== null })}
      {change({ label: text('resetPassword'), about: text('resetPasswordAbout'), done: text('passwordReset'), body: { resetPassword: true } })}
      {change({ label: text('resetTotp'), about: text('resetTotpAbout'), done: text('totpReset'), body: { resetTotp: true }, color: 'red', when: account.totpEnrolled })}
      {change({ label: text('excuseTotp'), about: text('excuseTotpAbout'), done: text('totpExcused'), body: { totpRequired: false }, when: account.totpRequired })}
      {change({ label: text('requireTotp'), about: text('requireTotpAbout'), done: text('totpRequired'), body: { totpRequired: true }, when: !account.totpRequired })}
      {!isOwn && change({ label: text('switchOff'), about: text('switchOffAbout'), done: text('switchedOff'), body: { active: false }, color: 'red', when: account.active })}
      {!isOwn && change({ label: text('switchOn'), about: text('switchOnAbout'), done: text('switchedOn'), body: { active: true }, when: !account.active })}
    </>
  )
}
