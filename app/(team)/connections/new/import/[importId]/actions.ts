'use server'

import type { Route } from 'next'
import { redirect } from 'next/navigation'
import { requireActingStaff } from '#lib/auth/session.ts'
import { sendList } from '#lib/connection/import-requests.ts'
import { requesters } from '../../../../sections.ts'

/** Sends what the page shows. Pressing twice sends nothing twice. */
export async function sendListAction(importId: string, form: FormData): Promise<void> {
  const staff = await requireActingStaff(...requesters)
  const outcome = await sendList(staff, importId, { duplicatesToo: form.get('duplicatesToo') === 'yes' })
  const page = `/connections/new/import/${importId}`
  if (typeof outcome === 'string')
    redirect((outcome === 'unknown' ? '/connections/new/import' : `${page}?said=bad`) as Route)
  const { sent, skipped, failed } = outcome
  redirect(`${page}?sent=${sent}&skipped=${skipped}&failed=${failed}` as Route)
}
