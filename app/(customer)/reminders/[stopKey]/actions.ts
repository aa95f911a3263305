'use server'

import { redirect } from 'next/navigation'
import { stopReminders } from '#lib/connection/reminders.ts'

/** The signed address is the proof: it can stop these reminders and nothing else. */
export async function stopRemindersAction(stopKey: string): Promise<void> {
  await stopReminders(decodeURIComponent(stopKey))
  redirect(`/reminders/${stopKey}`)
}
