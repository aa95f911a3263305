'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import type { AskState } from '../../actions.ts'

/** One press signs the member in. */
export function ConfirmForm({
  action,
  linkKey,
  words,
}: {
  action: (before: AskState, form: FormData) => Promise<AskState>
  linkKey: string
  words: { button: string }
}) {
  const [state, formAction, isSending] = useActionState(action, { email: '', problem: null })
  return (
    <form action={formAction} className="space-y-4">
      <input type="hidden" name="linkKey" value={linkKey} />
      {state.problem && (
        <p role="alert" className="field-error">
          {state.problem}
        </p>
      )}
      <Button type="submit" aria-disabled={isSending || undefined}>
        {words.button}
      </Button>
    </form>
  )
}
