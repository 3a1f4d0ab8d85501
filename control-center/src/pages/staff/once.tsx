import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core'
import { useCommon } from '../../texts-common.ts'
import { useStaffText } from './texts.ts'

/** A temporary password, shown once: nothing but the button closes it. */
export function TemporaryPassword({ password, onDone }: { password: string | undefined; onDone: () => void }) {
  const text = useStaffText()
  const common = useCommon()
  return (
    <Modal opened={password !== undefined} onClose={onDone} title={<Text fw={650}>{text('temporaryTitle')}</Text>} withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false}>
      <Stack gap="md">
        <Text size="sm">{text('temporaryAbout')}</Text>
        <Code block fz="md">{password}</Code>
        <Group justify="flex-end">
          <CopyButton value={password ?? ''}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? common('copied') : common('copy')}</Button>}</CopyButton>
          <Button onClick={onDone}>{text('handedOver')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

/** The temporary password of a reply, if it has one. */
export function passwordOf(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'temporaryPassword' in body && typeof body.temporaryPassword === 'string' ? body.temporaryPassword : undefined
}
