'use client'

import { useActionState } from 'react'
import { ErrorSummary } from '#components/connect/error-summary.tsx'
import { Button } from '#components/ui/button.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { useFollowedForm } from '#components/ui/use-followed-form.ts'
import type { ProfileState } from '../../app/(team)/profiles/actions.ts'
import type { ReadByCustomer } from '../../app/(team)/profiles/reads.ts'
import { Choices } from './choices.tsx'
import { CustomerReads } from './customer-reads.tsx'
import { LanguageFields } from './language-fields.tsx'

/** What an integration needs, and beside it what the customer will read about it. */
export function ProfileForm({
  action,
  follow,
  initial,
  groups,
  words,
  mode,
}: {
  action: (before: ProfileState, form: FormData) => Promise<ProfileState>
  follow: (form: FormData) => Promise<ReadByCustomer[]>
  initial: ProfileState
  /** The rights, in groups, in words. */
  groups: { label: string; rights: { value: string; label: string }[] }[]
  words: Record<string, string>
  /** A shown profile cannot be changed here. */
  mode: 'create' | 'change' | 'show'
}) {
  const [state, formAction, isSending] = useActionState(action, initial)
  const { onSubmit, onInput, shown } = useFollowedForm({ send: formAction, follow, answered: state.reads })
  const { typed, problems } = state
  const say = (key: string) => words[key] ?? ''
  const errors = Object.entries(problems).map(([name, text]) => ({ name, text }))
  const field = (name: string) => ({
    name,
    label: say(name),
    hint: say(`${name}Hint`) || undefined,
    error: problems[name],
    autoComplete: 'off',
  })
  return (
    <div className="beside">
      <title>{errors.length > 0 ? say('titleError') : say('title')}</title>
      <form action={formAction} onSubmit={onSubmit} onInput={onInput} noValidate>
        {mode !== 'show' && (
          // Return in a field presses the first button: that must not be the one that saves.
          <button type="submit" name="intent" value="preview" className="sr-only" tabIndex={-1} aria-hidden="true">
            {say('preview')}
          </button>
        )}
        <ErrorSummary heading={say('problemTitle')} errors={errors} attempt={state.attempt} />
        <fieldset disabled={mode === 'show'} className="min-w-0">
          {mode === 'create' ? (
            <TextField {...field('key')} maxLength={40} spellCheck={false} defaultValue={typed.key} />
          ) : (
            <p className="text-muted">
              {say('key')}: <code className="wrap-anywhere">{typed.key}</code>
              <input type="hidden" name="key" value={typed.key} />
            </p>
          )}
          {mode !== 'show' && (
            <>
              <p className="mt-6 text-muted">{say('wordsHint')}</p>
              <LanguageFields language="en" typed={typed} problems={problems} words={words} />
              <LanguageFields language="de" typed={typed} problems={problems} words={words} />
            </>
          )}
          <fieldset className="field mt-6" id="field-capabilities" aria-describedby="capabilities-error">
            <legend className="field-label">{say('capabilities')}</legend>
            {problems.capabilities && (
              <p id="capabilities-error" className="field-error">
                {problems.capabilities}
              </p>
            )}
            {groups.map(({ label, rights }) => (
              <div key={label}>
                <p className="text-muted text-sm">{label}</p>
                <div className="rights">
                  {rights.map((right) => (
                    <label key={right.value} className="choice">
                      <input
                        type="checkbox"
                        name="capabilities"
                        value={right.value}
                        defaultChecked={typed.capabilities.includes(right.value)}
                      />
                      <span>{right.label}</span>
                    </label>
                  ))}
                </div>
              </div>
            ))}
          </fieldset>
          <Choices typed={typed} problems={problems} words={words} />
          <TextField
            {...field('checkIntervalMinutes')}
            type="number"
            min={15}
            max={1440}
            defaultValue={typed.checkIntervalMinutes}
          />
          <TextField {...field('retentionDays')} type="number" min={1} max={3650} defaultValue={typed.retentionDays} />
        </fieldset>
        {mode !== 'show' && (
          <div className="actions">
            <Button type="submit" name="intent" value="save" aria-disabled={isSending || undefined}>
              {say(mode === 'create' ? 'create' : 'save')}
            </Button>
            <button type="submit" name="intent" value="preview" className="button-secondary">
              {say('preview')}
            </button>
          </div>
        )}
      </form>
      <CustomerReads reads={shown} title={say('previewTitle')} />
    </div>
  )
}
