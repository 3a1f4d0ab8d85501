import { Button, Group, Modal, Stack, Text, Textarea, type ButtonProps } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useId, type FormEvent, type ReactNode } from 'react'
import type { Act } from '../../../backend/modules/staff/contract.ts'
import { useAct } from '../api/acts.ts'
import type { Method } from '../api/call.ts'
import { useDraft } from '../api/drafts.ts'
import { useMay } from '../api/me.tsx'
import type { About } from '../api/queries.ts'
import { useCommon } from '../texts-common.ts'
import { RowLink } from './list.tsx'
import { ProblemAlert } from './problem.tsx'

type Values = Record<string, unknown>
type Props<V extends Values> = {
  /** Who may: others do not see the button. */
  may: Act
  /** Its name on the button and over the dialog. */
  label: string
  /** What will happen, in one or two sentences. */
  about?: ReactNode
  color?: string
  variant?: ButtonProps['variant']
  icon?: ReactNode
  size?: ButtonProps['size']
  disabled?: boolean
  /** False where it doesn't fit (any more): the button goes, a dialog that is open stays with what was typed, and the server says what has changed. */
  isOffered?: boolean
  /** Whether a reason must be given (`required`), may be, or is not asked for. */
  reason?: 'required' | 'optional' | 'none'
  /** What else is asked for. */
  fields?: { initial: V; show: (values: V, set: (change: Partial<V>) => void, problemOf: (path: string) => string | undefined) => ReactNode }
  /** The call: method, path after `/internal/v1`, body. */
  request: (values: V & { reason: string }) => { method: Exclude<Method, 'GET'>; path: string; body?: unknown }
  /** What is read again afterwards. */
  changes: readonly About[]
  /** Under which name what was typed is kept until it is sent; unique for what it is done to. */
  draft: string
  /** Shown when it is done. */
  done: string
  onDone?: (body: unknown) => void
}

/**
 * A button that opens a dialog, and does one act of staff: with a reason where one is needed, once however often it is
 * pressed, and without losing anything that was typed when it is refused, the server is away or the sign-in has ended.
 */
export function ActButton<V extends Values = Record<string, never>>(props: Props<V>) {
  const [isOpen, { open, close }] = useDisclosure(false)
  const may = useMay()
  const text = useCommon()
  if (!may(props.may)) return null
  return (
    <>
      {props.isOffered !== false && <Button variant={props.variant ?? 'default'} size={props.size ?? 'sm'} disabled={props.disabled ?? false} leftSection={props.icon} {...(props.color ? { color: props.color } : {})} onClick={open}>{props.label}</Button>}
      <Modal opened={isOpen} onClose={close} title={<Text fw={650}>{props.label}</Text>} size="lg" closeButtonProps={{ 'aria-label': text('close') }}>
        {isOpen && <ActForm {...props} close={close} />}
      </Modal>
    </>
  )
}

function ActForm<V extends Values>({ label, about, color, reason = 'required', fields, request, changes, draft, done, onDone, close }: Props<V> & { close: () => void }) {
  const text = useCommon()
  const reasonId = useId()
  const act = useAct(changes, draft)
  const [values, setValues, forget] = useDraft<V & { reason: string }>(draft, { ...(fields?.initial ?? ({} as V)), reason: '' })
  const change = (next: Partial<V>) => setValues((was) => ({ ...was, ...next }))
  const problemOf = (path: string) => act.problem?.errors.find((error) => error.path === path)?.message
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const { method, path, body } = request({ ...values, reason: values.reason.trim() })
    const answer = await act.run(method, path, body)
    if (!answer) return
    forget()
    close()
    if (waitsForSecond(answer)) notifications.show({ color: 'yellow', title: text('secondTitle'), message: <>{text('secondText')} <RowLink href="/approvals">{text('secondLink')}</RowLink></>, autoClose: 10_000 })
    else notifications.show({ color: 'green', message: done })
    onDone?.(answer.body)
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        {about !== undefined && <Text size="sm">{about}</Text>}
        {fields?.show(values, change, problemOf)}
        {reason !== 'none' && (
          <Textarea
            id={reasonId} label={text('reason')} description={text('reasonHint')} autosize minRows={2} maxRows={8} maxLength={500} required={reason === 'required'} data-autofocus
            value={values.reason} error={problemOf('reason')}
            onChange={(event) => { const { value } = event.currentTarget; setValues((was) => ({ ...was, reason: value })) }}
          />
        )}
        <ProblemAlert error={act.problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{text('cancel')}</Button>
          <Button type="submit" loading={act.isRunning} variant="filled" {...(color ? { color } : {})}>{label}</Button>
        </Group>
      </Stack>
    </form>
  )
}

// Of what is done later by itself a 202 tells too; only an approval needs somebody else.
function waitsForSecond({ status, body }: { status: number; body: unknown }): boolean {
  return status === 202 && typeof body === 'object' && body !== null && 'approval' in body
}
