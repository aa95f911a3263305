import type { ComponentProps } from 'react'
import { FieldFrame, type FieldText, fieldAttributes } from './field-frame.tsx'

/** A labelled choice from a list. */
export function SelectField({
  label,
  hint,
  error,
  name,
  options,
  ...select
}: ComponentProps<'select'> & FieldText & { options: { value: string; label: string }[] }) {
  return (
    <FieldFrame label={label} hint={hint} error={error} name={name}>
      <select {...fieldAttributes({ hint, error, name })} {...select}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </FieldFrame>
  )
}
