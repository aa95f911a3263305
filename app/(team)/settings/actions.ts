'use server'

import { redirect } from 'next/navigation'
import type { StaffRole } from '#lib/actor.ts'
import type { MemberOutcome } from '#lib/auth/members.ts'
import { addMember, changeRole, disableMember, enableMember } from '#lib/auth/members.ts'
import { requireFreshStaff } from '#lib/auth/session.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { pageWords } from '../../page-words.ts'
import { section } from '../sections.ts'

const roles: readonly StaffRole[] = ['admin', 'account_manager', 'support']
const NAME_LENGTH_MAX = 100

/** What the form shows again after a refusal. */
export type AddState = {
  typed: { name: string; email: string; role: StaffRole }
  problems: { name?: string; email?: string; role?: string }
}

/** The admin adds somebody. Works without JavaScript: the page comes back with what was typed. */
export async function addMemberAction(_before: AddState, form: FormData): Promise<AddState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const t = await pageWords()
  const name = textOf(form, 'name').trim()
  const email = parseEmailAddress(textOf(form, 'email'))
  const role = roles.find((known) => known === textOf(form, 'role'))
  const isName = name !== '' && name.length <= NAME_LENGTH_MAX && !/\p{Cc}/u.test(name)
  if (!isName || !email || !role)
    return {
      typed: {
        name: name.slice(0, NAME_LENGTH_MAX),
        email: textOf(form, 'email').slice(0, 254),
        role: role ?? 'account_manager',
      },
      problems: {
        ...(isName ? {} : { name: t('team.settings.problems.name') }),
        ...(email ? {} : { email: t('team.settings.problems.email') }),
        ...(role ? {} : { role: t('team.settings.problems.role') }),
      },
    }
  const outcome = await addMember(staff, { name, email, role })
  return say(outcome === 'done' ? 'added' : outcome)
}

export async function changeRoleAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const role = roles.find((known) => known === textOf(form, 'role'))
  say(role ? await changeRole(staff, { staffId: textOf(form, 'staffId'), role }) : 'unknown')
}

export async function disableMemberAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  say(await disableMember(staff, textOf(form, 'staffId')))
}

export async function enableMemberAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  say(await enableMember(staff, textOf(form, 'staffId')))
}

/** Back to the page, which says how it went. */
function say(outcome: MemberOutcome | 'added'): never {
  redirect(`/settings?said=${outcome}`)
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
