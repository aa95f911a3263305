'use client'

import type { ReactNode } from 'react'
import { createContext, useContext, useEffect, useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { Button } from '#components/ui/button.tsx'
import { StatusBadge } from '#components/ui/status-badge.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { Explanation } from '#lib/connection/explain.ts'
import type { FieldsId } from '#lib/providers/fields.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { ConnectState } from '../../app/(customer)/connect/[connectionId]/actions.ts'
import { CheckProgress } from './check-progress.tsx'
import { ErrorSummary } from './error-summary.tsx'
import { TokenField } from './token-field.tsx'
import { findTyped, keepTyped } from './typed-over-visits.ts'
import { useKeptAction } from './use-kept-action.ts'
import { VerdictPanel } from './verdict-panel.tsx'
import type { Unfinished } from './yes-form.tsx'
import { YesForm } from './yes-form.tsx'

export type FormWords = Record<string, string>
export type GuideRow = { id: string; heading: string; stepOf: string; body: ReactNode }
type Typed = { connectionName: string; domain: string; apiToken: string; startDate: string }

/** The company that is typed now, for links inside the guide that lead to the customer's own pages. */
const TypedDomain = createContext('')
export const useTypedDomain = () => useContext(TypedDomain)

/**
 * The guide beside the form: one row for each step, each with its field. Without JavaScript the browser posts the
 * form to the same action, and the page comes back with the same state.
 */
export function CredentialForm({
  action,
  initial,
  header,
  rows,
  words,
  provider,
  startDateMode,
  locked,
  connectionId,
  isPreview = false,
  useOther,
  internal,
}: {
  action: (before: ConnectState, form: FormData) => Promise<ConnectState>
  initial: ConnectState
  header: ReactNode
  rows: GuideRow[]
  words: FormWords
  provider: FieldsId
  startDateMode: 'hidden' | 'optional' | 'required'
  /** A repair keeps name and company as they were. */
  locked: boolean
  connectionId: string
  /** The team looks at the form: no sign of a person is reported. */
  isPreview?: boolean
  /** "Use acme-uk" in one press. */
  useOther: () => Promise<Unfinished>
  /** What is said when we failed; it comes with the page, because the database may be what failed. */
  internal: Explanation
}) {
  const { state, formAction, send, pending, noAnswer } = useKeptAction(action, initial)
  const fields = fieldsOf(provider)
  const form = useRef<HTMLFormElement>(null)
  const { register, handleSubmit, formState, setValue, watch, getValues } = useForm<Typed>({
    mode: 'onSubmit',
    // What is wrong stands until the next press: a line that goes when a field is left moves the button away from the pointer.
    reValidateMode: 'onSubmit',
    shouldFocusError: false,
    defaultValues: { ...state.typed, apiToken: '' },
  })
  const [clientFailed, setClientFailed] = useState(false)
  const offline = useOffline()
  useFirstSignOfAPerson(isPreview ? null : connectionId)
  const drawn = useRef(initial.typed)
  useEffect(() => {
    if (locked) return
    const typed = findTyped(connectionId, drawn.current)
    for (const [name, value] of Object.entries(typed ?? {})) setValue(name as keyof Typed, value)
    // Whichever way the page is left: by a link, the back button, a reload.
    const keep = () => {
      const { apiToken: _token, ...typed } = getValues()
      keepTyped(connectionId, { drawn: drawn.current, typed })
    }
    addEventListener('pagehide', keep)
    return () => removeEventListener('pagehide', keep)
  }, [connectionId, locked, setValue, getValues])

  const errors: Partial<Record<keyof Typed, string>> = clientFailed
    ? Object.fromEntries(Object.entries(formState.errors).map(([name, error]) => [name, error?.message ?? '']))
    : state.fieldErrors
  const hasErrors = Object.keys(errors).length > 0
  const failed = state.code === 'INTERNAL'
  const explanation = failed ? internal : state.explanation
  const panel = !hasErrors && !pending ? explanation : null
  const badge = (
    <StatusBadge
      status={state.status}
      drawnAs={hasErrors ? 'needs_customer' : state.status}
      verdict={clientFailed ? firstRefusal(getValues(), fields, startDateMode) : state.code}
    >
      {words[`status_${hasErrors ? 'needs_customer' : state.status}`]}
    </StatusBadge>
  )

  const wordsOf = (code: string | undefined): string | true => (code ? (words[`error_${code}`] ?? code) : true)
  const domain = watch('domain') ?? ''
  const cleaned = fields.cleanDomain(domain)

  return (
    <TypedDomain value={cleaned.error ? '' : cleaned.value}>
      <title>{hasErrors || panel ? words.titleError : words.title}</title>
      <ErrorSummary
        heading={words.problem ?? ''}
        errors={Object.entries(errors).map(([name, text]) => ({ name, text: text ?? '' }))}
        attempt={state.submissionKey + formState.submitCount}
      />
      {panel && (
        <VerdictPanel
          badge={badge}
          explanation={panel}
          words={words}
          reference={state.reference}
          hint={state.tokenHint}
          found={state.found}
        >
          {state.otherDomain && (
            <div className="mt-4">
              <YesForm action={useOther} label={words.useOther?.replace('{domain}', state.otherDomain)} words={words}>
                <p className="text-sm">{words.useOtherHint?.replace('{domain}', state.typed.domain)}</p>
              </YesForm>
            </div>
          )}
        </VerdictPanel>
      )}
      {header}
      {!panel && badge}
      <form
        ref={form}
        id="connect-form"
        action={formAction}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (pending || !navigator.onLine) return
          void handleSubmit(
            () => {
              setClientFailed(false)
              if (form.current) send(new FormData(form.current))
            },
            () => setClientFailed(true),
          )(event)
        }}
      >
        <input type="hidden" name="submissionKey" value={state.submissionKey} />
        <ol className="guide-rows">
          {rows.map((row) => (
            <li key={row.id} className="guide-row">
              <section aria-labelledby={`step-${row.id}`} className="contents">
                <div className="guide-row-text">
                  <p className="step-of">{row.stepOf}</p>
                  <h2 id={`step-${row.id}`} className="step-heading">
                    {row.heading}
                  </h2>
                  {row.body}
                </div>
                <div className="guide-row-field">
                  {row.id === 'company' && (
                    <TextField
                      label={words.domainLabel ?? ''}
                      hint={words.domainHint}
                      error={errors.domain}
                      suffix={fields.addressSuffix}
                      readOnly={locked}
                      inputMode="url"
                      autoCapitalize="none"
                      autoCorrect="off"
                      spellCheck={false}
                      autoComplete="off"
                      {...register('domain', {
                        validate: (typed) => wordsOf(fields.cleanDomain(typed).error),
                        onBlur: () => {
                          const { value, error } = fields.cleanDomain(getValues('domain'))
                          if (!error) setValue('domain', value)
                        },
                      })}
                      defaultValue={state.typed.domain}
                    />
                  )}
                  {row.id === 'copy_token' && (
                    <TokenField
                      words={words}
                      error={errors.apiToken}
                      pending={pending}
                      clean={fields.cleanApiToken}
                      registration={register('apiToken', {
                        validate: (typed) => wordsOf(fields.cleanApiToken(typed).error),
                      })}
                      onCleaned={(value) => setValue('apiToken', value)}
                      pasteAgain={Boolean(state.code)}
                      removedByServer={state.removed}
                    />
                  )}
                  {row.id === 'name_it' && (
                    <>
                      <TextField
                        label={words.nameLabel ?? ''}
                        hint={words.nameHint}
                        error={errors.connectionName}
                        readOnly={locked}
                        maxLength={80}
                        autoComplete="off"
                        {...register('connectionName')}
                        defaultValue={state.typed.connectionName}
                      />
                      {startDateMode !== 'hidden' && (
                        <TextField
                          label={
                            startDateMode === 'optional'
                              ? (words.startDateLabelOptional ?? '')
                              : (words.startDateLabel ?? '')
                          }
                          hint={startDateMode === 'optional' ? words.startDateHintOptional : words.startDateHint}
                          error={errors.startDate}
                          type="date"
                          {...register('startDate', {
                            validate: (typed) => {
                              const required = startDateMode === 'required'
                              const { why } = fields.cleanStartDate(typed, { today: new Date(), required })
                              return why ? (words[`startDate_${why}`] ?? why) : true
                            },
                          })}
                          defaultValue={state.typed.startDate}
                        />
                      )}
                    </>
                  )}
                  {row.id === 'check' && (
                    <>
                      <Button type="submit" aria-disabled={pending || undefined}>
                        {pending ? words.checking : words.submit}
                      </Button>
                      <CheckProgress
                        pending={pending}
                        words={words}
                        problem={
                          (offline || noAnswer) && (
                            <p className="font-semibold text-error">{words[offline ? 'offline' : (noAnswer ?? '')]}</p>
                          )
                        }
                      />
                      {noAnswer === 'updated' && (
                        <button type="button" className="button-secondary" onClick={() => location.reload()}>
                          {words.reload}
                        </button>
                      )}
                      <p className="text-muted text-sm">{words.promise}</p>
                    </>
                  )}
                </div>
              </section>
            </li>
          ))}
        </ol>
      </form>
    </TypedDomain>
  )
}

/** The verdict of what the browser itself refused, in the order of the fields. */
function firstRefusal(
  typed: Typed,
  fields: ReturnType<typeof fieldsOf>,
  startDateMode: 'hidden' | 'optional' | 'required',
): VerdictCode | null {
  const date =
    startDateMode === 'hidden'
      ? null
      : fields.cleanStartDate(typed.startDate, { today: new Date(), required: startDateMode === 'required' })
  return fields.cleanDomain(typed.domain).error ?? fields.cleanApiToken(typed.apiToken).error ?? date?.error ?? null
}

/** Follows the browser's own word about the connection. */
function useOffline(): boolean {
  const [offline, setOffline] = useState(false)
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine)
    look()
    addEventListener('online', look)
    addEventListener('offline', look)
    return () => {
      removeEventListener('online', look)
      removeEventListener('offline', look)
    }
  }, [])
  return offline
}

/** Tells the server that a person, not a mail scanner, has the page open. Scripted events do not count. */
function useFirstSignOfAPerson(connectionId: string | null) {
  useEffect(() => {
    if (!connectionId) return
    const tell = (event: Event) => {
      if (!event.isTrusted) return
      stop()
      void fetch(`/connect/${connectionId}/visited`, { method: 'POST', keepalive: true }).catch(() => {})
    }
    const stop = () => {
      removeEventListener('pointerdown', tell)
      removeEventListener('keydown', tell)
    }
    addEventListener('pointerdown', tell)
    addEventListener('keydown', tell)
    return stop
  }, [connectionId])
}
