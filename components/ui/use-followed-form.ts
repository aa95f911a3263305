'use client'

import { type FormEvent, startTransition, useEffect, useRef, useState } from 'react'

const TYPING_PAUSE_MS = 500

/**
 * A form that survives its errors (React would empty it) and, with JavaScript, is followed while somebody types:
 * `follow` answers what is drawn beside it. An answer that was overtaken by a newer one is dropped.
 */
export function useFollowedForm<Followed>({
  send,
  follow,
  answered,
}: {
  send: (form: FormData) => void
  follow: (form: FormData) => Promise<Followed>
  /** What the last answer of the server drew. */
  answered: Followed
}) {
  const [followed, setFollowed] = useState<{ over: Followed; now: Followed } | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const turn = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    clearTimeout(timer.current)
    turn.current++
    const { submitter } = event.nativeEvent as SubmitEvent
    const values = new FormData(event.currentTarget, submitter)
    startTransition(() => send(values))
  }

  function onInput(event: FormEvent<HTMLFormElement>) {
    const form = event.currentTarget
    clearTimeout(timer.current)
    timer.current = setTimeout(async () => {
      const mine = ++turn.current
      const now = await follow(new FormData(form)).catch(() => null)
      if (now !== null && mine === turn.current) setFollowed({ over: answered, now })
    }, TYPING_PAUSE_MS)
  }

  return { onSubmit, onInput, shown: followed?.over === answered ? followed.now : answered }
}
