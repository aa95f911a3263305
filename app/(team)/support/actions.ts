'use server'

import type { LookUpState } from '#components/connection/look-up-box.tsx'
import { requireActingStaff } from '#lib/auth/session.ts'
import { takesLink } from '#lib/connection/case-action.ts'
import { lookUp } from '#lib/connection/look-up.ts'
import type { FoundConnection } from '#lib/data/support.ts'
import { FOUND_ROWS_MAX } from '#lib/data/support.ts'
import type { Words } from '#lib/words.ts'
import { pageWords } from '../../page-words.ts'
import { section } from '../sections.ts'

/** Finds what a customer names or pastes. The answer repeats words, never a link. */
export async function lookUpAction(_before: LookUpState, form: FormData): Promise<LookUpState> {
  const staff = await requireActingStaff(...section.support.roles)
  const t = await pageWords()
  const text = form.get('text')
  const { kind, found } = await lookUp(staff, typeof text === 'string' ? text : '')
  const count = found.length
  const counted = t(kind === 'link' ? 'case.support.foundLink' : 'case.support.found', { count })
  return {
    typed: kind === 'link' || typeof text !== 'string' ? '' : text.slice(0, 200),
    told: kind === 'too_short' ? t('case.support.tooShort') : counted,
    rows: found.map((row) => rowOf(row, t)),
    more: count === FOUND_ROWS_MAX ? t('case.support.more', { count }) : null,
  }
}

function rowOf({ id, customerName, name, reference, contactName, status, verdictCode }: FoundConnection, t: Words) {
  return {
    id,
    title: t('case.title', { customer: customerName, name }),
    about: [reference, contactName].join(' · '),
    status,
    statusWords: t(`board.status.${status}`),
    verdictCode,
    href: `/support/${id}`,
    sendHref: takesLink(status) ? `/support/${id}?do=resend&why=asked` : null,
  }
}
