'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { ProblemNotice } from '#components/ui/problem-notice.tsx'
import { SelectField } from '#components/ui/select-field.tsx'
import { ShownOnce } from '#components/ui/shown-once.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { Choice } from '#components/ui/ticks.tsx'
import { Ticks } from '#components/ui/ticks.tsx'
import type { KeyState, TypedKey } from './actions.ts'

const nothing: TypedKey = { name: '', scopes: [], profiles: [], addresses: '', expiresInDays: '365', publicKey: '' }

/** Makes a key and shows it, this once. What was typed comes back with the problems. */
export function NewKeyForm({
  action,
  origin,
  scopes,
  profiles,
  lives,
  words,
}: {
  action: (before: KeyState, form: FormData) => Promise<KeyState>
  origin: string
  scopes: Choice[]
  profiles: Choice[]
  lives: { value: string; label: string }[]
  words: Record<string, string>
}) {
  const [{ typed, problems, made }, send, isSending] = useActionState(action, {
    typed: nothing,
    problems: {},
    made: null,
  })
  if (made) return <Shown made={made} origin={origin} words={words} />
  const isLimited = typed.profiles.length > 0 || typed.addresses !== '' || typed.publicKey !== ''
  const hasHiddenProblem = ['profiles', 'addresses', 'publicKey'].some((name) => name in problems)
  return (
    <>
      <h1 className="console-title">{words.title}</h1>
      <p className="mb-6 max-w-prose text-muted">{words.lead}</p>
      {/* A new answer draws new fields: React would empty the old ones. */}
      <form key={JSON.stringify([typed, problems])} action={send} noValidate className="max-w-prose">
        <ProblemNotice title={words.problem ?? ''} problems={problems} />
        <TextField
          name="name"
          label={words.name ?? ''}
          hint={words.nameHint}
          error={problems.name}
          defaultValue={typed.name}
          maxLength={80}
          autoComplete="off"
        />
        <Ticks
          name="scopes"
          label={words.scopes ?? ''}
          choices={scopes}
          ticked={typed.scopes}
          error={problems.scopes}
        />
        <SelectField
          name="expiresInDays"
          label={words.expires ?? ''}
          options={lives}
          defaultValue={typed.expiresInDays || '365'}
          error={problems.expiresInDays}
        />
        <details className="disclosure mt-6" open={isLimited || hasHiddenProblem || undefined}>
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
            <TextArea
              name="addresses"
              label={words.addresses ?? ''}
              hint={words.addressesHint}
              error={problems.addresses}
              defaultValue={typed.addresses}
              rows={3}
              spellCheck={false}
              autoComplete="off"
            />
            <TextArea
              name="publicKey"
              label={words.publicKey ?? ''}
              hint={words.publicKeyHint}
              error={problems.publicKey}
              defaultValue={typed.publicKey}
              rows={4}
              maxLength={2_000}
              spellCheck={false}
              autoComplete="off"
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

function Shown({
  made: { name, key },
  origin,
  words,
}: {
  made: { name: string; key: string }
  origin: string
  words: Record<string, string>
}) {
  return (
    <ShownOnce
      title={words.shownTitle?.replace('{name}', name) ?? ''}
      lead={words.shownLead ?? ''}
      secret={key}
      words={{ copy: words.copy ?? '', copied: words.copied ?? '' }}
    >
      <div>
        <h2 className="font-semibold">{words.next}</h2>
        <pre className="code-block">{`export KEY=lk_…
curl -H "Authorization: Bearer $KEY" ${origin}/api/v1/profiles`}</pre>
      </div>
      <a href="/settings/keys" className="button-secondary">
        {words.close}
      </a>
    </ShownOnce>
  )
}
