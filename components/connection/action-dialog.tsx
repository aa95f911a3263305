'use client'

import { useActionState, useEffect, useRef } from 'react'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { TextField } from '#components/ui/text-field.tsx'

export type DialogField = {
  name: string
  label: string
  hint?: string
  type?: 'text' | 'email' | 'number'
  value?: string
  maxLength?: number
}

/** What the dialog shows after it was sent: what to mend, or what is shown this once. */
export type DialogState = {
  /** What is wrong as a whole. */
  problem: string | null
  /** What is wrong with a field, by its name. */
  problems: Record<string, string>
  typed: Record<string, string>
  shown: { title: string; lead: string; address: string } | null
}

export const emptyDialog: DialogState = { problem: null, problems: {}, typed: {}, shown: null }

/**
 * One step about a connection: names what it is about, says what happens, and waits for a yes. The page draws it open;
 * with JavaScript it stands before the page and Escape leaves it. The focus starts on the way back where something
 * would be lost.
 */
export function ActionDialog({
  title,
  lead,
  verb,
  dangerous = false,
  fields,
  hidden,
  extra,
  action,
  backHref,
  words,
}: {
  title: string
  lead: string
  verb: string
  dangerous?: boolean
  fields: DialogField[]
  hidden: Record<string, string>
  /** A second button with a name of its own, such as taking something away. */
  extra?: { name: string; label: string }
  action: (before: DialogState, form: FormData) => Promise<DialogState>
  backHref: string
  words: { cancel: string; copy: string; copied: string; close: string }
}) {
  const [state, send, pending] = useActionState(action, emptyDialog)
  const dialog = useRef<HTMLDialogElement>(null)
  const back = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.close()
    element?.showModal()
    if (dangerous) back.current?.focus()
  }, [dangerous])
  const heading = state.shown?.title ?? title
  return (
    <dialog
      ref={dialog}
      open
      aria-labelledby="dialog-title"
      className="case-dialog"
      onCancel={(event) => {
        event.preventDefault()
        back.current?.click()
      }}
    >
      <h2 id="dialog-title" className="case-dialog-title">
        {heading}
      </h2>
      {state.shown ? (
        <div className="space-y-4">
          <p role="status">{state.shown.lead}</p>
          <CopyButton text={state.shown.address} label={words.copy} copied={words.copied} />
          <a ref={back} href={backHref} className="button-secondary">
            {words.close}
          </a>
        </div>
      ) : (
        <form action={send} noValidate className="space-y-5">
          <p>{lead}</p>
          {state.problem && (
            <p role="alert" className="notice notice-error">
              <span>{state.problem}</span>
            </p>
          )}
          {Object.entries(hidden).map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          {fields.map(({ name, label, hint, type = 'text', value = '', maxLength }) => (
            <TextField
              // React empties a form after its action: a new key brings back what was typed.
              key={`${name} ${state.typed[name] ?? ''}`}
              name={name}
              label={label}
              hint={hint}
              type={type}
              error={state.problems[name]}
              defaultValue={state.typed[name] ?? value}
              autoComplete="off"
              maxLength={maxLength}
            />
          ))}
          <div className="case-dialog-buttons">
            <Button type="submit" aria-disabled={pending || undefined} className={dangerous ? 'button-dangerous' : ''}>
              {verb}
            </Button>
            {extra && (
              <button type="submit" name={extra.name} value="yes" className="button-secondary button-danger">
                {extra.label}
              </button>
            )}
            <a
              ref={back}
              href={backHref}
              className="button-secondary"
              // biome-ignore lint/a11y/noAutofocus: it is the dialog's first focus, where no script can set it.
              autoFocus={dangerous}
            >
              {words.cancel}
            </a>
          </div>
        </form>
      )}
    </dialog>
  )
}
