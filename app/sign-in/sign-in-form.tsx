'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { AskState } from './actions.ts'

/** Asks for a link by e-mail. Without JavaScript the page comes back with the same answer. */
export function SignInForm({
  action,
  next,
  email,
  isFirst,
  words,
}: {
  action: (before: AskState, form: FormData) => Promise<AskState>
  next: string
  email: string
  /** The only way in gets the strongest button. */
  isFirst: boolean
  words: { email: string; hint: string; send: string }
}) {
  const [state, formAction, isSending] = useActionState(action, { email, problem: null })
  return (
    <form action={formAction} className="space-y-4">
      <input type="hidden" name="next" value={next} />
      <TextField
        key={state.email}
        label={words.email}
        hint={words.hint}
        error={state.problem ?? undefined}
        name="email"
        type="email"
        autoComplete="email"
        required
        maxLength={254}
        defaultValue={state.email}
      />
      <Button
        type="submit"
        className={isFirst ? 'w-full' : 'button-quiet w-full'}
        aria-disabled={isSending || undefined}
      >
        {words.send}
      </Button>
    </form>
  )
}
