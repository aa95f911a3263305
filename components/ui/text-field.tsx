import type { ComponentProps } from 'react'
import { FieldFrame, type FieldText, fieldAttributes } from './field-frame.tsx'

/** A labelled input of one line. `suffix` stands behind what is typed, as `.pipedrive.com` does. */
export function TextField({
  label,
  hint,
  error,
  suffix,
  name,
  ...input
}: ComponentProps<'input'> & FieldText & { suffix?: string }) {
  const control = <input {...fieldAttributes({ hint, error, name })} {...input} />
  return (
    <FieldFrame label={label} hint={hint} error={error} name={name}>
      {suffix ? (
        <div className="field-box">
          {control}
          <span className="field-suffix">{suffix}</span>
        </div>
      ) : (
        control
      )}
    </FieldFrame>
  )
}
