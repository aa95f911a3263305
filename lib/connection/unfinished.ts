import 'server-only'
import type { Staff } from '#lib/actor.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Unfinished } from '#lib/data/unfinished-requests.ts'
import { endUnfinished, findUnfinished, keepUnfinished } from '#lib/data/unfinished-requests.ts'

const FORM_KEY = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const REQUEST_ID = /^req_[0-9a-hjkmnp-tv-z]{26}$/

/** The form of a request as it stands, right or not. `requestId`: the draft that it changes. */
export type Form = { formKey: string; requestId: string | null; typed: Record<string, unknown> }

/** Keeps what a member typed, until it is sent, saved or thrown away. False for what no form of ours sends. */
export async function keepTyped(staff: Staff, form: Form): Promise<boolean> {
  if (!FORM_KEY.test(form.formKey) || (form.requestId !== null && !REQUEST_ID.test(form.requestId))) return false
  await keepUnfinished(db(), staff, form)
  return true
}

/** What was typed has become a draft or a request, or is thrown away: false when there was nothing to end. */
export async function forgetTyped(staff: Staff, formKey: string): Promise<boolean> {
  if (!FORM_KEY.test(formKey)) return false
  return inTransaction((trx) => endUnfinished(trx, staff, formKey))
}

/** What the member typed into a form, or last changed of a draft. */
export async function openTyped(
  staff: Staff,
  by: { formKey: string } | { requestId: string },
): Promise<Unfinished | null> {
  if ('formKey' in by && !FORM_KEY.test(by.formKey)) return null
  return findUnfinished(db(), staff, by)
}
