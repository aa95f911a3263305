import type { ComponentProps } from 'react'

/** A labelled input: hint above it, error between hint and input, both read out with it. */
export function TextField({
  label,
  hint,
  error,
  suffix,
  name,
  ...input
}: ComponentProps<'input'> & { label: string; hint?: string; error?: string; suffix?: string; name: string }) {
  const id = `field-${name}`
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  const control = (
    <input
      id={id}
      name={name}
      className="field-input"
      aria-invalid={error ? true : undefined}
      aria-describedby={describedBy || undefined}
      {...input}
    />
  )
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
      {suffix ? (
        <div className="field-box">
          {control}
          <span className="field-suffix">{suffix}</span>
        </div>
      ) : (
        control
      )}
    </div>
  )
}
