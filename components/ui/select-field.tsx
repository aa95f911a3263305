import type { ComponentProps } from 'react'

/** A labelled choice from a list: hint above it, error between hint and list, both read out with it. */
export function SelectField({
  label,
  hint,
  error,
  name,
  options,
  ...select
}: ComponentProps<'select'> & {
  label: string
  hint?: string
  error?: string
  name: string
  options: { value: string; label: string }[]
}) {
  const id = `field-${name}`
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
      <select
        id={id}
        name={name}
        className="field-input"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy || undefined}
        {...select}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}
