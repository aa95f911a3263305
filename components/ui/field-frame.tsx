import type { ReactNode } from 'react'

export type FieldText = { label: string; hint?: string; error?: string; name: string }

/** What ties a control to its label, hint and error. */
export function fieldAttributes({ hint, error, name }: Omit<FieldText, 'label'>) {
  const id = `field-${name}`
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return {
    id,
    name,
    className: 'field-input',
    'aria-invalid': error ? true : undefined,
    'aria-describedby': describedBy || undefined,
  }
}

/** A label, a hint above the control, and an error between hint and control, both read out with it. */
export function FieldFrame({ label, hint, error, name, children }: FieldText & { children: ReactNode }) {
  const id = `field-${name}`
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
      {children}
    </div>
  )
}
