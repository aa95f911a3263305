'use server'

import { redirect } from 'next/navigation'
import type { FieldsState } from '#components/ui/fields-form.tsx'
import { requireActingStaff } from '#lib/auth/session.ts'
import { approveHandOver, refuseHandOver } from '#lib/connection/hand-over.ts'
import { pageWords } from '../../../page-words.ts'
import { decides } from './roles.ts'

const REASON_LENGTH_MAX = 300

/** Whatever came of it, the page tells: somebody else may have decided first. */
export async function approveAction(handOverId: string): Promise<void> {
  const staff = await requireActingStaff(...decides)
  await approveHandOver(staff, handOverId)
  redirect(`/hand-overs/${handOverId}`)
}

export async function refuseAction(handOverId: string, _before: FieldsState, form: FormData): Promise<FieldsState> {
  const staff = await requireActingStaff(...decides)
  const reason = String(form.get('reason') ?? '').trim()
  if (reason === '' || reason.length > REASON_LENGTH_MAX) {
    const t = await pageWords()
    return { typed: { reason }, problems: { reason: t('look.handOver.reasonProblem') } }
  }
  await refuseHandOver(staff, handOverId, reason)
  redirect(`/hand-overs/${handOverId}`)
}
