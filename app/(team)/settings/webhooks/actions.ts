'use server'

import type { Route } from 'next'
import { redirect } from 'next/navigation'
import * as z from 'zod'
import type { DialogState } from '#components/connection/action-dialog.tsx'
import { requireFreshStaff } from '#lib/auth/session.ts'
import type { EventType } from '#lib/connection/events.ts'
import type { WebhookInput } from '#lib/connection/webhooks.ts'
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  replay,
  replayAll,
  rollSecret,
  SECRET_OVERLAP_HOURS_MAX,
  testWebhook,
  webhookProblemsOf,
} from '#lib/connection/webhooks.ts'
import { pageWords } from '../../../page-words.ts'
import { section } from '../../sections.ts'

export type TypedWebhook = {
  name: string
  url: string
  which: 'every' | 'only'
  eventTypes: string[]
  profiles: string[]
}

/** What the form shows after an answer: what was typed and what is wrong with it, or the secret, this once. */
export type WebhookState = {
  typed: TypedWebhook
  problems: Record<string, string>
  made: { id: string; name: string; secret: string } | null
}

/** An admin has a system told. Works without JavaScript: the page comes back with the secret, or with what was typed. */
export async function createWebhookAction(_before: WebhookState, form: FormData): Promise<WebhookState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const typed = readTyped(form)
  try {
    const made = await createWebhook(staff, inputOf(typed))
    if (made.kind === 'too_many') return refuse(typed, { name: 'too_many' })
    return { typed, problems: {}, made: { id: made.id, name: typed.name, secret: made.secret.reveal() } }
  } catch (error) {
    return refuse(typed, problemsOf(error))
  }
}

/** Works without JavaScript: the page comes back with what was typed, or the webhook as it is now. */
export async function changeWebhookAction(_before: WebhookState, form: FormData): Promise<WebhookState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const typed = readTyped(form)
  let outcome: 'done' | 'unknown'
  try {
    outcome = await changeWebhook(staff, { endpointId: endpointOf(form), ...inputOf(typed) })
  } catch (error) {
    return refuse(typed, problemsOf(error))
  }
  goOn(form, outcome === 'done' ? 'changed' : outcome)
}

function problemsOf(error: unknown): Record<string, string> {
  if (!(error instanceof z.ZodError)) throw error
  return Object.fromEntries(webhookProblemsOf(error).map((field) => [field, field]))
}

async function refuse(typed: TypedWebhook, found: Record<string, string>): Promise<WebhookState> {
  const t = await pageWords()
  const problems = Object.entries(found).map(([field, problem]) => [field, t(`webhooks.problems.${problem}`)])
  return { typed, problems: Object.fromEntries(problems), made: null }
}

function readTyped(form: FormData): TypedWebhook {
  return {
    name: textOf(form, 'name').slice(0, 200),
    url: textOf(form, 'url').slice(0, 3_000),
    which: textOf(form, 'which') === 'only' ? 'only' : 'every',
    eventTypes: listOf(form, 'eventTypes'),
    profiles: listOf(form, 'profiles'),
  }
}

const LIST_MAX = 100

function listOf(form: FormData, name: string): string[] {
  return form
    .getAll(name)
    .filter((value) => typeof value === 'string')
    .slice(0, LIST_MAX)
}

function inputOf({ name, url, which, eventTypes, profiles }: TypedWebhook): WebhookInput {
  return {
    name,
    url,
    // The schema of the domain checks the words.
    eventTypes: which === 'only' ? (eventTypes as EventType[]) : null,
    profiles: profiles.length > 0 ? profiles : null,
  }
}

export async function testWebhookAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const sent = await testWebhook(staff, endpointOf(form))
  goOn(form, sent ? 'tested' : 'unknown')
}

export async function replayAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await replay(staff, { endpointId: endpointOf(form), deliveryId: textOf(form, 'deliveryId') })
  goOn(form, outcome === 'done' ? 'replayed' : outcome)
}

export async function replayAllAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await replayAll(staff, endpointOf(form))
  goOn(form, outcome === 'done' ? 'replayedAll' : outcome)
}

export async function enableWebhookAction(form: FormData): Promise<void> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await enableWebhook(staff, endpointOf(form))
  goOn(form, outcome === 'done' ? 'enabled' : outcome)
}

export async function disableWebhookAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const outcome = await disableWebhook(staff, endpointOf(form))
  goOn(form, outcome === 'done' ? 'disabled' : outcome)
}

/** Of a client file only types may be had here. */
const emptyDialog: DialogState = { problem: null, problems: {}, typed: {}, shown: null }

/** A new secret for the same endpoint. It is in the answer to this POST, and nowhere else. */
export async function rollSecretAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const t = await pageWords()
  const hours = textOf(form, 'overlapHours')
  const overlapHours = /^\d{1,3}$/.test(hours) ? Number(hours) : Number.NaN
  if (!(overlapHours <= SECRET_OVERLAP_HOURS_MAX))
    return { ...emptyDialog, typed: { overlapHours: hours }, problems: { overlapHours: t('webhooks.dialog.roll.bad') } }
  const secret = await rollSecret(staff, { endpointId: endpointOf(form), overlapHours })
  if (!secret) return { ...emptyDialog, problem: t('webhooks.dialog.roll.gone') }
  const lead = t(overlapHours === 0 ? 'webhooks.shown.rolledAtOnce' : 'webhooks.shown.rolledLead')
  return { ...emptyDialog, shown: { title: t('webhooks.shown.rolled'), lead, address: secret.reveal() } }
}

export async function deleteWebhookAction(_before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireFreshStaff(...section.settings.roles)
  const typedName = textOf(form, 'typedName').slice(0, 200)
  const outcome = await deleteWebhook(staff, { endpointId: endpointOf(form), typedName })
  if (outcome !== 'other_name') redirect(`/settings/webhooks?said=${outcome === 'done' ? 'deleted' : 'unknown'}`)
  const t = await pageWords()
  return { ...emptyDialog, typed: { typedName }, problems: { typedName: t('webhooks.dialog.delete.bad') } }
}

function goOn(form: FormData, said: string): never {
  const back = said === 'unknown' ? '/settings/webhooks' : `/settings/webhooks/${encodeURIComponent(endpointOf(form))}`
  redirect(`${back}?said=${said}` as Route)
}

function endpointOf(form: FormData): string {
  return textOf(form, 'endpointId').slice(0, 100)
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
