import { SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { useCode } from './codes.ts'
import { useMoneyText } from './texts.ts'

export type Said = { outcome: string; reference: string }

/** What persons say became of money that left, and what proves it. */
export function SaidFields({ values, set, problemOf, outcomes }: { values: Said; set: (change: Partial<Said>) => void; problemOf: (path: string) => string | undefined; outcomes: readonly string[] }) {
  const text = useMoneyText()
  const code = useCode()
  return (
    <Stack gap="md">
      <div>
        <Text size="sm" fw={500} id="settle-outcome">{text('outcome')}</Text>
        <SegmentedControl aria-labelledby="settle-outcome" fullWidth value={values.outcome} data={outcomes.map((value) => ({ value, label: code(value) }))} onChange={(outcome) => set({ outcome })} />
      </div>
      <TextInput label={text('referenceLabel')} description={text('referenceHint')} required maxLength={200} value={values.reference} error={problemOf('reference')} onChange={(event) => set({ reference: event.currentTarget.value })} />
    </Stack>
  )
}
