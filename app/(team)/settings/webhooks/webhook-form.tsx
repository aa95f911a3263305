'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { ProblemNotice } from '#components/ui/problem-notice.tsx'
import { ShownOnce } from '#components/ui/shown-once.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { Choice } from '#components/ui/ticks.tsx'
import { Ticks } from '#components/ui/ticks.tsx'
import type { TypedWebhook, WebhookState } from './actions.ts'

const nothing: TypedWebhook = { name: '', url: '', which: 'every', eventTypes: [], profiles: [] }

/** Makes a webhook and shows its secret, this once, or changes the one it is given. Typed texts come back with problems. */
export function WebhookForm({
  action,
  endpoint,
  eventTypes,
  profiles,
  words,
}: {
  action: (before: WebhookState, form: FormData) => Promise<WebhookState>
  endpoint?: TypedWebhook & { id: string }
  eventTypes: string[]
  profiles: Choice[]
  words: Record<string, string>
}) {
  const [{ typed, problems, made }, send, isSending] = useActionState(action, {
    typed: endpoint ?? nothing,
    problems: {},
    made: null,
  })
  if (made) return <Shown made={made} words={words} />
  return (
    <>
      <h1 className="console-title">{words.title}</h1>
      <p className="mb-6 max-w-prose text-muted">{words.lead}</p>
      {/* A new answer draws new fields: React would empty the old ones. */}
      <form key={JSON.stringify([typed, problems])} action={send} noValidate className="max-w-prose">
        <ProblemNotice title={words.problem ?? ''} problems={problems} />
        {endpoint && <input type="hidden" name="endpointId" value={endpoint.id} />}
        <TextField
          name="name"
          label={words.name ?? ''}
          hint={words.nameHint}
          error={problems.name}
          defaultValue={typed.name}
          maxLength={80}
          autoComplete="off"
        />
        <TextField
          name="url"
          type="url"
          label={words.url ?? ''}
          hint={words.urlHint}
          error={problems.url}
          defaultValue={typed.url}
          autoComplete="off"
          spellCheck={false}
        />
        <EventChoice typed={typed} error={problems.eventTypes} eventTypes={eventTypes} words={words} />
        <details className="disclosure mt-6" open={typed.profiles.length > 0 || 'profiles' in problems || undefined}>
          <summary>{words.more}</summary>
          <div className="disclosure-body">
            <Ticks
              name="profiles"
              label={words.profiles ?? ''}
              hint={words.profilesHint}
              choices={profiles}
              ticked={typed.profiles}
              error={problems.profiles}
            />
          </div>
        </details>
        <Button type="submit" className="mt-6" aria-disabled={isSending || undefined}>
          {words.submit}
        </Button>
      </form>
    </>
  )
}

function EventChoice({
  typed,
  error,
  eventTypes,
  words,
}: {
  typed: TypedWebhook
  error?: string
  eventTypes: string[]
  words: Record<string, string>
}) {
  return (
    <fieldset className="field event-choice" aria-describedby={error && 'field-eventTypes-error'}>
      <legend className="field-label">{words.eventTypes}</legend>
      {error && (
        <p id="field-eventTypes-error" className="field-error">
          {error}
        </p>
      )}
      <label className="choice">
        <input type="radio" name="which" value="every" defaultChecked={typed.which === 'every'} />
        <span>
          <span className="block font-semibold">{words.every}</span>
          <span className="block text-muted text-sm">{words.everyHint}</span>
        </span>
      </label>
      <label className="choice">
        <input type="radio" name="which" value="only" defaultChecked={typed.which === 'only'} />
        <span className="font-semibold">{words.only}</span>
      </label>
      <div className="event-types">
        {eventTypes.map((type, index) => (
          <label key={type} className="choice">
            <input
              id={index === 0 ? 'field-eventTypes' : undefined}
              type="checkbox"
              name="eventTypes"
              value={type}
              defaultChecked={typed.eventTypes.includes(type)}
            />
            <code>{type}</code>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Shown({
  made: { id, name, secret },
  words,
}: {
  made: { id: string; name: string; secret: string }
  words: Record<string, string>
}) {
  return (
    <ShownOnce
      title={words.shownTitle?.replace('{name}', name) ?? ''}
      lead={words.shownLead ?? ''}
      secret={secret}
      words={{ copy: words.copy ?? '', copied: words.copied ?? '' }}
    >
      <a href={`/settings/webhooks/${id}`} className="button-secondary">
        {words.toEndpoint}
      </a>
    </ShownOnce>
  )
}
