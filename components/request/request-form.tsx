'use client'

import { useActionState } from 'react'
import { ErrorSummary } from '#components/connect/error-summary.tsx'
import { Button } from '#components/ui/button.tsx'
import { SelectField } from '#components/ui/select-field.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { useFollowedForm } from '#components/ui/use-followed-form.ts'
import { Disclosure } from '#lib/providers/guide-kit/disclosure.tsx'
import type { RequestState } from '../../app/(team)/connections/new/actions.ts'
import type { ShownPreview } from '../../app/(team)/connections/new/shown-preview.ts'
import { ConnectionFields, type FieldProps } from './connection-fields.tsx'
import { DuplicateWarning } from './duplicate-warning.tsx'
import { RequestPreview } from './request-preview.tsx'

type Option = { value: string; label: string }
export type RequestWords = Record<string, string>

/** Fields that are folded away because the common request does not need them. */
const folded = ['contactName', 'language', 'expectedDomain', 'startDate', 'connectionName', 'externalId'] as const
const foldedToo = ['expiresInDays', 'note', 'project', 'owner'] as const

/** One screen that asks a customer for a connection, and beside it what the customer will get. */
export function RequestForm({
  action,
  follow,
  initial,
  words,
  customers,
  profiles,
  owners,
  languages,
  isDraft,
}: {
  action: (before: RequestState, form: FormData) => Promise<RequestState>
  follow: (form: FormData) => Promise<ShownPreview>
  initial: RequestState
  words: RequestWords
  customers: string[]
  profiles: Option[]
  owners: Option[]
  languages: Option[]
  isDraft: boolean
}) {
  const [state, formAction, isSending] = useActionState(action, initial)
  const { onSubmit, onInput, shown } = useFollowedForm<ShownPreview | null>({
    send: formAction,
    follow,
    answered: state.preview,
    warns: true,
  })
  const { typed, problems } = state
  const say = (key: string) => words[key] ?? ''
  const field: FieldProps = (name, label) => ({
    name,
    label: say(label),
    hint: say(`${label}Hint`) || undefined,
    error: problems[name],
    autoComplete: 'off',
  })
  const [first, ...more] = typed.connections
  const isOpen = [...folded, ...foldedToo].some((name) => problems[name])
  const hasMore = more.length > 0 || Boolean(problems.add)
  const errors = Object.entries(problems).map(([name, text]) => ({ name, text }))
  return (
    <div className="beside">
      <title>{errors.length > 0 ? say('titleError') : say('title')}</title>
      <form action={formAction} onSubmit={onSubmit} onInput={onInput} noValidate>
        {/* Return in a field presses the first button: that must not be the one that sends. */}
        <button type="submit" name="intent" value="preview" className="sr-only" tabIndex={-1} aria-hidden="true">
          {say('preview')}
        </button>
        <input type="hidden" name="formKey" value={state.formKey} />
        <input type="hidden" name="connections" value={typed.connections.length} />
        <datalist id="customers">
          {customers.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <ErrorSummary heading={say('problemTitle')} errors={errors} attempt={state.attempt} />
        <DuplicateWarning duplicates={state.duplicates} attempt={state.attempt} words={words} />
        <TextField {...field('customer', 'customer')} list="customers" defaultValue={typed.customer} />
        <TextField
          {...field('contactEmail', 'contactEmail')}
          type="email"
          inputMode="email"
          defaultValue={typed.contactEmail}
        />
        <SelectField {...field('profile', 'profile')} options={profiles} defaultValue={first?.profile} />
        <div className="mt-6 space-y-3">
          <Disclosure title={say('more')} open={isOpen}>
            <TextField {...field('contactName', 'contactName')} defaultValue={typed.contactName} />
            <SelectField {...field('language', 'language')} options={languages} defaultValue={typed.language} />
            <TextArea {...field('note', 'note')} rows={4} maxLength={1000} defaultValue={typed.note} />
            <TextField {...field('project', 'project')} defaultValue={typed.project} />
            <ConnectionFields field={field} index={0} typed={first} />
            <TextField
              {...field('expiresInDays', 'expiresInDays')}
              type="number"
              min={1}
              max={60}
              placeholder="14"
              defaultValue={typed.expiresInDays}
            />
            <SelectField {...field('owner', 'owner')} options={owners} defaultValue={typed.owner} />
          </Disclosure>
          <Disclosure title={say('several')} open={hasMore}>
            <p className="text-muted">{say('severalHint')}</p>
            {more.map((connection, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: each answer draws new fields, or a row that was taken out would hand its words to the next.
              <fieldset key={`${state.attempt}-${at + 1}`} className="card">
                <legend className="font-semibold">{say('rowTitle').replace('{number}', String(at + 2))}</legend>
                <SelectField
                  {...field(`more.${at + 1}.profile`, 'profile')}
                  options={profiles}
                  defaultValue={connection.profile}
                />
                <ConnectionFields field={field} index={at + 1} typed={connection} />
                <button type="submit" name="intent" value={`remove:${at + 1}`} className="button-secondary mt-4">
                  {say('remove').replace('{number}', String(at + 2))}
                </button>
              </fieldset>
            ))}
            {problems.add && <p className="field-error">{problems.add}</p>}
            <button id="field-add" type="submit" name="intent" value="add" className="button-secondary">
              {say('add')}
            </button>
          </Disclosure>
        </div>
        <div className="actions">
          <Button type="submit" name="intent" value="send" aria-disabled={isSending || undefined}>
            {isSending ? say('sending') : say('send')}
          </Button>
          <button type="submit" name="intent" value="save" className="button-secondary">
            {say(isDraft ? 'saveChanges' : 'save')}
          </button>
          <button type="submit" name="intent" value="preview" className="button-secondary">
            {say('preview')}
          </button>
        </div>
        {shown?.kept && <p className="mt-3 text-muted text-sm">{say('kept')}</p>}
      </form>
      <RequestPreview preview={shown} words={words} />
    </div>
  )
}
