import type { ComponentProps } from 'react'
import { FieldFrame, type FieldText, fieldAttributes } from './field-frame.tsx'

/** A labelled field of several lines. */
export function TextArea({ label, hint, error, name, ...area }: ComponentProps<'textarea'> & FieldText) {
  return (
    <FieldFrame label={label} hint={hint} error={error} name={name}>
      <textarea {...fieldAttributes({ hint, error, name })} {...area} />
    </FieldFrame>
  )
}
