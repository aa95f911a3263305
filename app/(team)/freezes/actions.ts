'use server'

import { redirect } from 'next/navigation'
import type { DialogState } from '#components/connection/action-dialog.tsx'
import { requireActingStaff } from '#lib/auth/session.ts'
import type { FreezeOutcome } from '#lib/connection/freeze.ts'
import { findFreezable, freeze, thaw } from '#lib/connection/freeze.ts'
import { REASON_LENGTH_MAX } from '#lib/connection/reason.ts'
import { pageWords } from '../../page-words.ts'
import { section } from '../sections.ts'

/** Which page the dialog stood on, and where its answer is read. */
export type FreezeBase = 'settings' | 'support'

/** What was typed comes back so that it can be mended, up to here. */
const KEPT_LENGTH_MAX = 2_000

/** The emergency stop for the whole team. */
export async function freezeTeamAction(base: FreezeBase, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.support.roles)
  return answer(base, form, await freeze(staff, { scope: 'team', reason: textOf(form, 'reason') }), 'frozen')
}

/** The emergency stop for all connections of a customer, who is named as on the board. */
export async function freezeCustomerAction(
  base: FreezeBase,
  _before: DialogState,
  form: FormData,
): Promise<DialogState> {
  const staff = await requireActingStaff(...section.support.roles)
  const customer = await findFreezable(staff, { idOrName: textOf(form, 'customer').trim() })
  if (!customer) return mend(form, 'customer', 'no_customer')
  const outcome = await freeze(staff, { scope: 'customer', customerId: customer.id, reason: textOf(form, 'reason') })
  return answer(base, form, outcome, 'frozen')
}

/** Lets hand-off go on. */
export async function thawAction(base: FreezeBase, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.settings.roles)
  const reason = textOf(form, 'reason').trim() || null
  return answer(base, form, await thaw(staff, { freezeId: textOf(form, 'freezeId'), reason }), 'thawed')
}

async function answer(
  base: FreezeBase,
  form: FormData,
  outcome: FreezeOutcome,
  said: 'frozen' | 'thawed',
): Promise<DialogState> {
  if (outcome === 'done') redirect(base === 'settings' ? `/settings?handOff=${said}` : `/support?handOff=${said}`)
  if (outcome === 'reason_needed' || outcome === 'reason_long') return mend(form, 'reason', outcome)
  const t = await pageWords()
  return { problem: t(`freeze.said.${outcome}`), problems: {}, typed: typedIn(form), shown: null }
}

async function mend(form: FormData, field: string, problem: string): Promise<DialogState> {
  const t = await pageWords()
  return {
    problem: null,
    problems: { [field]: t(`freeze.said.${problem}`, { max: REASON_LENGTH_MAX }) },
    typed: typedIn(form),
    shown: null,
  }
}

function typedIn(form: FormData): Record<string, string> {
  const typed = (['reason', 'customer'] as const).map((name) => [name, textOf(form, name)])
  return Object.fromEntries(typed)
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.slice(0, KEPT_LENGTH_MAX) : ''
}
