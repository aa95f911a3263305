'use server'

import { redirect } from 'next/navigation'
import type { FieldsState } from '#components/ui/fields-form.tsx'
import { findActingRequestHolder } from '#lib/auth/secure-link.ts'
import { checkWords } from '#lib/connection/contact-words.ts'
import { handOver } from '#lib/connection/hand-over.ts'
import { db } from '#lib/data/database.ts'
import { findRequest } from '#lib/data/requests.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { words } from '#lib/words.ts'

const NAME_LENGTH_MAX = 100
const NOTE_LENGTH_MAX = 500

/** The contact passes the request on. Works without JavaScript. */
export async function handOverAction(requestId: string, _before: FieldsState, form: FormData): Promise<FieldsState> {
  const holder = await findActingRequestHolder(requestId)
  const request = holder && (await findRequest(db(), { teamId: holder.teamId, request: requestId }))
  if (!holder || !request) redirect(`/hand-over/${requestId}`)
  const t = words(request.language)
  const values = { contact: request.ownerName ?? request.teamName }
  const textOf = (name: string) => String(form.get(name) ?? '')

  const name = checkWords(textOf('colleagueName').replace(/\s+/g, ' '), { lengthMax: NAME_LENGTH_MAX })
  const email = parseEmailAddress(textOf('colleagueEmail'))
  const note = checkWords(textOf('note'), { lengthMax: NOTE_LENGTH_MAX })
  const isName = name.kind === 'ok' && !/\p{Cc}/u.test(name.text)
  const typed = {
    colleagueName: name.kind === 'secret' ? '' : textOf('colleagueName').slice(0, NAME_LENGTH_MAX),
    colleagueEmail:
      email ?? (checkWords(textOf('colleagueEmail'), { lengthMax: 254 }).kind === 'ok' ? textOf('colleagueEmail') : ''),
    note: note.kind === 'secret' ? '' : textOf('note'),
  }
  const problems = {
    ...(isName ? {} : { colleagueName: t('contact.handOver.problems.name') }),
    ...(email ? {} : { colleagueEmail: t('contact.handOver.problems.email') }),
    ...(note.kind === 'secret' ? { note: t('contact.form.secret') } : {}),
    ...(note.kind === 'too_long' ? { note: t('contact.form.tooLong', { max: NOTE_LENGTH_MAX }) } : {}),
  }
  if (!isName || !email || Object.keys(problems).length > 0) return { typed, problems }

  const outcome = await handOver(holder, { name: name.text, email, note: note.kind === 'ok' ? note.text : null })
  switch (outcome) {
    case 'yourself':
    case 'throttled':
    case 'already':
    case 'nothing_open':
      return { typed, problems: { colleagueEmail: t(`contact.handOver.problems.${outcome}`, values) } }
    case 'done':
    case 'waiting':
    case 'link_ended':
      // The page says what became of it.
      redirect(`/hand-over/${requestId}`)
  }
}
