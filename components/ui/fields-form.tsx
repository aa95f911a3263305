'use client'

import type { ReactNode } from 'react'
import { useActionState } from 'react'
import { Button } from './button.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { TextField } from './text-field.tsx'

export type Field = {
  name: string
  label: string
  hint?: string
  kind?: 'text' | 'email' | 'tel' | 'number' | 'textarea' | 'checkbox' | 'radio'
  optional?: boolean
  maxLength?: number
  autoComplete?: string
  choices?: { value: string; label: string }[]
}

/** What a form shows after an answer: what was typed, what is wrong with it, or what came of it. */
export type FieldsState = { typed: Record<string, string>; problems: Record<string, string>; done?: string }

/** A form from a list of fields. What was typed comes back with the problems, with and without JavaScript. */
export function FieldsForm({
  action,
  fields,
  typed = {},
  submit,
  problem,
  children,
}: {
  action: (before: FieldsState, form: FormData) => Promise<FieldsState>
  fields: Field[]
  /** What the fields hold at first. */
  typed?: Record<string, string>
  submit: string
  /** Stands before the problems: "There is a problem". */
  problem: string
  children?: ReactNode
}) {
  const [state, formAction, isSending] = useActionState(action, { typed, problems: {} })
  return (
    <div>
      <div role="status">{state.done && <p className="notice notice-ok">{state.done}</p>}</div>
      {/* A new answer draws new fields: React would empty the old ones. */}
      <form key={JSON.stringify([state.typed, state.problems, state.done])} action={formAction} className="max-w-prose">
        <ProblemNotice title={problem} problems={state.problems} />
        {fields.map((field) => (
          <AnyField key={field.name} field={field} typed={state.typed[field.name]} error={state.problems[field.name]} />
        ))}
        {children}
        <Button type="submit" className="mt-6" aria-disabled={isSending || undefined}>
          {submit}
        </Button>
      </form>
    </div>
  )
}

function AnyField({ field, typed = '', error }: { field: Field; typed?: string; error?: string }) {
  const { name, label, hint, kind = 'text', optional = false, maxLength, autoComplete = 'off', choices = [] } = field
  switch (kind) {
    case 'checkbox':
      return (
        <div className="field">
          <label className="choice">
            <input id={`field-${name}`} type="checkbox" name={name} value="yes" defaultChecked={typed === 'yes'} />
            <span>{label}</span>
          </label>
        </div>
      )
    case 'radio':
      return (
        <fieldset className="field" aria-describedby={error && `field-${name}-error`}>
          <legend className="field-label">{label}</legend>
          {error && (
            <p id={`field-${name}-error`} className="field-error">
              {error}
            </p>
          )}
          {choices.map((choice, index) => (
            <label key={choice.value} className="choice">
              <input
                id={index === 0 ? `field-${name}` : undefined}
                type="radio"
                name={name}
                value={choice.value}
                defaultChecked={choice.value === typed}
              />
              <span>{choice.label}</span>
            </label>
          ))}
        </fieldset>
      )
    case 'textarea': {
      const describedBy = [hint && `field-${name}-hint`, error && `field-${name}-error`].filter(Boolean).join(' ')
      return (
        <div className="field">
          <label htmlFor={`field-${name}`} className="field-label">
            {label}
          </label>
          {hint && (
            <p id={`field-${name}-hint`} className="field-hint">
              {hint}
            </p>
          )}
          {error && (
            <p id={`field-${name}-error`} className="field-error">
              {error}
            </p>
          )}
          <textarea
            id={`field-${name}`}
            name={name}
            rows={4}
            className="field-input"
            maxLength={maxLength}
            required={!optional}
            defaultValue={typed}
            aria-invalid={error ? true : undefined}
            aria-describedby={describedBy || undefined}
          />
        </div>
      )
    }
    default:
      return (
        <TextField
          label={label}
          hint={hint}
          error={error}
          name={name}
          type={kind}
          autoComplete={autoComplete}
          required={!optional}
          maxLength={maxLength}
          defaultValue={typed}
        />
      )
  }
}
