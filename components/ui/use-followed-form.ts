'use client'

import { type FormEvent, startTransition, useEffect, useRef, useState } from 'react'

const TYPING_PAUSE_MS = 500

/**
 * A form that survives its errors (React would empty it) and, with JavaScript, is followed while somebody types:
 * `follow` answers what is drawn beside it. An answer that was overtaken by a newer one is dropped. With `warns`, the
 * follower keeps what is typed: whoever leaves before it has is asked, and what they typed is sent after them.
 */
export function useFollowedForm<Followed>({
  send,
  follow,
  answered,
  warns = false,
}: {
  send: (form: FormData) => void
  follow: (form: FormData) => Promise<Followed>
  /** What the last answer of the server drew. */
  answered: Followed
  warns?: boolean
}) {
  const [followed, setFollowed] = useState<{ over: Followed; now: Followed } | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const turn = useRef(0)
  /** What was typed and has not been followed yet. */
  const pending = useRef<FormData>(undefined)
  const latest = useRef(follow)
  latest.current = follow
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => pending.current && event.preventDefault()
    if (warns) window.addEventListener('beforeunload', warn)
    return () => {
      window.removeEventListener('beforeunload', warn)
      clearTimeout(timer.current)
      if (warns && pending.current) latest.current(pending.current).catch(() => {})
    }
  }, [warns])

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    clearTimeout(timer.current)
    turn.current++
    pending.current = undefined
    const { submitter } = event.nativeEvent as SubmitEvent
    const values = new FormData(event.currentTarget, submitter)
    startTransition(() => send(values))
  }

  function onInput(event: FormEvent<HTMLFormElement>) {
    const form = event.currentTarget
    pending.current = new FormData(form)
    clearTimeout(timer.current)
    timer.current = setTimeout(async () => {
      const mine = ++turn.current
      const sent = pending.current
      const now = await follow(new FormData(form)).catch(() => null)
      if (now === null || mine !== turn.current) return
      if (pending.current === sent) pending.current = undefined
      setFollowed({ over: answered, now })
    }, TYPING_PAUSE_MS)
  }

  return { onSubmit, onInput, shown: followed?.over === answered ? followed.now : answered }
}
