'use client'

import { unstable_isUnrecognizedActionError, unstable_rethrow } from 'next/navigation'
import { startTransition, useActionState, useState, useTransition } from 'react'

/** Why no answer came: the portal was updated while the page was open, or nothing that we know of answered. */
export type NoAnswer = 'updated' | 'unanswered'

/**
 * `useActionState`, but the page stays as it is when no answer comes: otherwise a lost connection or an updated portal
 * puts the error page in its place, and everything that was typed is gone. Without JavaScript the browser posts
 * `formAction` by itself.
 */
export function useKeptAction<State>(
  action: (before: Awaited<State>, form: FormData) => Promise<State>,
  initial: Awaited<State>,
) {
  const [posted, formAction] = useActionState(action, initial)
  const [answered, setAnswered] = useState<{ state: Awaited<State> } | null>(null)
  const [noAnswer, setNoAnswer] = useState<NoAnswer | null>(null)
  const [pending, startSending] = useTransition()
  const state = answered ? answered.state : posted

  function send(form: FormData) {
    setNoAnswer(null)
    startSending(async () => {
      try {
        const next = await action(state, form)
        startTransition(() => setAnswered({ state: next }))
      } catch (error) {
        // A redirect comes as an error too.
        unstable_rethrow(error)
        startTransition(() => setNoAnswer(unstable_isUnrecognizedActionError(error) ? 'updated' : 'unanswered'))
      }
    })
  }

  return { state, formAction, send, pending, noAnswer }
}
