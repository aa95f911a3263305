'use server'

import { redirect } from 'next/navigation'
import * as z from 'zod'
import type { DialogState } from '#components/connection/action-dialog.tsx'
import { requireFreshStaff } from '#lib/auth/session.ts'
import type { IntegrationInput } from '#lib/connection/integrations.ts'
import {
  createIntegration,
  endReplacedKey,
  keyProblemsOf,
  OVERLAP_HOURS_MAX,
  revokeIntegration,
  rotateKey,
} from '#lib/connection/integrations.ts'
import type { Scope } from '#lib/scopes.ts'
import { pageWords } from '../../../page-words.ts'
import { section } from '../../sections.ts'

export type TypedKey = {
  name: string
  scopes: string[]
  profiles: string[]
  addresses: string
  expiresInDays: string
  publicKey: string
}

/** What the form shows after an answer: what was typed and what is wrong with it, or the key, this once. */
export type KeyState = { typed: TypedKey; problems: Record<string, string>; made: { name: string; key: string } | null }

/** An admin makes a key. Works without JavaScript: the page comes back with the key, or with what was typed. */
export async function createKeyAction(_before: KeyState, form: FormData): Promise<KeyState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const typed = readTyped(form)
  try {
    const made = await createIntegration(staff, inputOf(typed))
    if (made.kind === 'created') return { typed, problems: {}, made: { name: typed.name, key: made.key } }
    return refuse(typed, new Map([['name', 'too_many']]))
  } catch (error) {
    if (error instanceof z.ZodError) return refuse(typed, keyProblemsOf(error))
    throw error
  }
}

async function refuse(typed: TypedKey, found: Map<string, string>): Promise<KeyState> {
  const t = await pageWords()
  const problems = Object.fromEntries([...found].map(([field, problem]) => [field, t(`keys.problems.${problem}`)]))
  // A private key is not sent back either: it should be on one machine alone.
  const publicKey = found.get('publicKey') === 'private_key' ? '' : typed.publicKey
  return { typed: { ...typed, publicKey }, problems, made: null }
}

function readTyped(form: FormData): TypedKey {
  return {
    name: textOf(form, 'name').slice(0, 200),
    scopes: listOf(form, 'scopes'),
    profiles: listOf(form, 'profiles'),
    addresses: textOf(form, 'addresses').slice(0, 5_000),
    expiresInDays: textOf(form, 'expiresInDays'),
    publicKey: textOf(form, 'publicKey').slice(0, 2_000),
  }
}

function inputOf({ name, scopes, profiles, addresses, expiresInDays, publicKey }: TypedKey): IntegrationInput {
  const ranges = addresses.split(/[\s,;]+/).filter(Boolean)
  return {
    name,
    // The schema of the domain checks the words.
    scopes: scopes as Scope[],
    profiles: profiles.length > 0 ? profiles : null,
    addresses: ranges.length > 0 ? ranges : null,
    expiresInDays,
    publicKey: publicKey || null,
  }
}

/** Of a client file only types may be had here. */
const emptyDialog: DialogState = { problem: null, problems: {}, typed: {}, shown: null }

/** A new key for the same system. It is in the answer to this POST, and nowhere else. */
export async function rotateKeyAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const t = await pageWords()
  const hours = textOf(form, 'overlapHours')
  const overlapHours = /^\d{1,3}$/.test(hours) ? Number(hours) : Number.NaN
  if (!(overlapHours <= OVERLAP_HOURS_MAX))
    return { ...emptyDialog, typed: { overlapHours: hours }, problems: { overlapHours: t('keys.dialog.rotate.bad') } }
  const rotated = await rotateKey(staff, { integrationId: textOf(form, 'integrationId'), overlapHours })
  if (rotated.kind !== 'rotated') return { ...emptyDialog, problem: t('keys.dialog.rotate.ended') }
  const lead = t(overlapHours === 0 ? 'keys.shown.rotatedAtOnce' : 'keys.shown.rotatedLead')
  return { ...emptyDialog, shown: { title: t('keys.shown.rotated'), lead, address: rotated.key } }
}

export async function endKeyAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await endReplacedKey(staff, textOf(form, 'integrationId'))
  redirect(`/settings/keys?said=${outcome === 'done' ? 'ended' : 'gone'}`)
}

export async function revokeKeyAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await revokeIntegration(staff, textOf(form, 'integrationId'))
  redirect(`/settings/keys?said=${outcome === 'done' ? 'revoked' : 'gone'}`)
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

const LIST_MAX = 100

function listOf(form: FormData, name: string): string[] {
  return form
    .getAll(name)
    .filter((value) => typeof value === 'string')
    .slice(0, LIST_MAX)
}
