import { NumberInput } from '@mantine/core'

/** A whole sum of rupiah (or a whole number), as it is typed; the server says what is too much. */
export function WholeInput({ label, value, onChange, error, min = 0, description }: { label: string; value: number | string; onChange: (value: number | string) => void; error?: string | undefined; min?: number; description?: string }) {
  return (
    <NumberInput
      label={label} {...(description === undefined ? {} : { description })} required min={min} clampBehavior="none" allowDecimal={false} allowNegative={false} thousandSeparator="." decimalSeparator="," hideControls inputMode="numeric"
      value={value} error={error} onChange={onChange}
    />
  )
}
