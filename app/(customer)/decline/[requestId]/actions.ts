'use server'

import { redirect } from 'next/navigation'
import type { FieldsState } from '#components/ui/fields-form.tsx'
import { findActingRequestHolder } from '#lib/auth/secure-link.ts'
import { checkWords } from '#lib/connection/contact-words.ts'
import { decline, declineReasons } from '#lib/connection/decline.ts'
import { db } from '#lib/data/database.ts'
import { findRequest } from '#lib/data/requests.ts'
import { words } from '#lib/words.ts'

const TEXT_LENGTH_MAX = 500

/** The contact gives the link back. Works without JavaScript. */
export async function declineAction(requestId: string, _before: FieldsState, form: FormData): Promise<FieldsState> {
  const holder = await findActingRequestHolder(requestId)
  const request = holder && (await findRequest(db(), { teamId: holder.teamId, request: requestId }))
  if (!holder || !request) redirect(`/decline/${requestId}`)
  const t = words(request.language)
  const reason = declineReasons.find((known) => known === form.get('reason'))
  const typed = String(form.get('text') ?? '')
  const checked = checkWords(typed, { lengthMax: TEXT_LENGTH_MAX })
  const problems = {
    ...(reason ? {} : { reason: t('contact.decline.chooseReason') }),
    ...(checked.kind === 'secret' ? { text: t('contact.form.secret') } : {}),
    ...(checked.kind === 'too_long' ? { text: t('contact.form.tooLong', { max: TEXT_LENGTH_MAX }) } : {}),
  }
  // A secret is not even given back to the page.
  const again = { reason: reason ?? '', text: checked.kind === 'secret' ? '' : typed }
  if (!reason || Object.keys(problems).length > 0) return { typed: again, problems }
  const outcome = await decline(holder, { reason, text: checked.kind === 'ok' ? checked.text : '' })
  if (outcome === 'nothing_open') return { typed: again, problems: { reason: t('contact.decline.nothingOpen') } }
  // The page says now that the link is closed, and by whom.
  redirect(`/decline/${requestId}`)
}
