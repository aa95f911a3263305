'use server'

import type { Route } from 'next'
import { redirect } from 'next/navigation'
import { requireActingStaff } from '#lib/auth/session.ts'
import type { ProfileOutcome } from '#lib/connection/edit-profile.ts'
import { changeProfile, createProfile, disableProfile, profileSchema } from '#lib/connection/edit-profile.ts'
import { db } from '#lib/data/database.ts'
import { findAsker } from '#lib/data/requests.ts'
import type { Words } from '#lib/words.ts'
import { pageWords } from '../../page-words.ts'
import { profileEditors } from '../sections.ts'
import type { ReadByCustomer } from './reads.ts'
import { readsOfTyped } from './reads.ts'
import type { TypedProfile } from './typed.ts'
import { inputOf, readTyped } from './typed.ts'

/** What the form draws after a press. */
export type ProfileState = {
  typed: TypedProfile
  problems: Record<string, string>
  reads: ReadByCustomer[]
  attempt: string
}

/** Creates a profile, changes one, or only shows what customers would read. Works without JavaScript. */
export async function profileAction(
  mode: 'create' | 'change',
  _before: ProfileState,
  form: FormData,
): Promise<ProfileState> {
  const staff = await requireActingStaff(...profileEditors)
  const t = await pageWords()
  const typed = readTyped(form)
  const { teamName } = await findAsker(db(), staff, '')
  const state = { typed, problems: {}, reads: await readsOfTyped(typed, teamName), attempt: crypto.randomUUID() }
  if (form.get('intent') !== 'save') return state
  const problems = problemsOf(typed, t)
  if (problems) return { ...state, problems }
  const outcome = await (mode === 'create' ? createProfile : changeProfile)(staff, inputOf(typed))
  if (outcome === 'key_taken' || outcome === 'too_many')
    return { ...state, problems: { key: t(`profiles.problem.${outcome}`) } }
  return leave(outcome, mode === 'create' ? 'created' : 'changed')
}

/** What customers would read of what is typed so far. */
export async function readsAction(form: FormData): Promise<ReadByCustomer[]> {
  const staff = await requireActingStaff(...profileEditors)
  const { teamName } = await findAsker(db(), staff, '')
  return readsOfTyped(readTyped(form), teamName)
}

export async function disableProfileAction(key: string): Promise<void> {
  const staff = await requireActingStaff(...profileEditors)
  leave(await disableProfile(staff, { key, disabled: true }), 'disabled')
}

export async function enableProfileAction(key: string): Promise<void> {
  const staff = await requireActingStaff(...profileEditors)
  leave(await disableProfile(staff, { key, disabled: false }), 'enabled')
}

function leave(outcome: ProfileOutcome, done: 'created' | 'changed' | 'disabled' | 'enabled'): never {
  redirect(`/profiles?said=${outcome === 'done' ? done : 'unknown'}` as Route)
}

const ownProblems = ['key', 'key_taken', 'words', 'capabilities', 'interval', 'retention'] as const

/** Field -> what is wrong with it, in words; null when the profile may be kept. */
function problemsOf(typed: TypedProfile, t: Words): Record<string, string> | null {
  const { error } = profileSchema.safeParse(inputOf(typed))
  if (!error) return null
  const found = error.issues.map(({ path, code, message }) => {
    const field = path[0] === 'words' ? path.slice(1).join('.') : String(path[0])
    const label = t(`profiles.form.${field.split('.').at(-1)}`)
    const own = ownProblems.find((problem) => problem === message)
    const problem = own ?? (code === 'too_big' ? 'too_long' : 'choose')
    return [field, t(`profiles.problem.${problem}`, { label })]
  })
  return Object.fromEntries(found)
}
