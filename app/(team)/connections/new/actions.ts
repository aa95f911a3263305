'use server'

import type { Route } from 'next'
import { redirect } from 'next/navigation'
import * as z from 'zod'
import type { Staff } from '#lib/actor.ts'
import { requireActingStaff } from '#lib/auth/session.ts'
import type { DraftOutcome } from '#lib/connection/draft.ts'
import { changeDraft, deleteDraft, saveDraft, sendDraft } from '#lib/connection/draft.ts'
import { findDuplicates } from '#lib/connection/duplicates.ts'
import type { StoredRequest } from '#lib/connection/request.ts'
import { creationKeyOf, requestOnce } from '#lib/connection/request.ts'
import type { RequestInput } from '#lib/connection/request-schema.ts'
import { checkRequest, problemsOf } from '#lib/connection/request-schema.ts'
import { forgetTyped, keepTyped } from '#lib/connection/unfinished.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { pageWords } from '../../../page-words.ts'
import { requesters } from '../../sections.ts'
import type { ShownPreview } from './shown-preview.ts'
import { showPreview } from './shown-preview.ts'
import type { Typed } from './typed.ts'
import { CONNECTIONS_MAX, emptyConnection, fieldOfPath, inputOf, isBlank, readTyped } from './typed.ts'

/** What the form draws after a press. */
export type RequestState = {
  typed: Typed
  /** Field -> what is wrong with it, in words. */
  problems: Record<string, string>
  duplicates: { connectionId: string; text: string }[]
  preview: ShownPreview | null
  /** Made when the form was drawn: pressing twice sends once. */
  formKey: string
  /** Changes with each answer, so that the form can tell them apart. */
  attempt: string
}

/** Every button of the form comes here; which one it was is its value. Works without JavaScript. */
export async function requestAction(
  draftId: string | null,
  before: RequestState,
  form: FormData,
): Promise<RequestState> {
  const staff = await requireActingStaff(...requesters)
  const typed = readTyped(form)
  const state: RequestState = {
    ...before,
    typed,
    problems: {},
    duplicates: [],
    formKey: textOf(form, 'formKey') || before.formKey,
    attempt: crypto.randomUUID(),
  }
  const [intent, index] = textOf(form, 'intent').split(':')
  const kept = await keep(staff, draftId, state)
  switch (intent) {
    case 'add':
      return keepChanged(staff, draftId, await addConnection(state))
    case 'remove': {
      const connections = typed.connections.filter((_, at) => at === 0 || at !== Number(index))
      return keepChanged(staff, draftId, { ...state, typed: { ...typed, connections } })
    }
    case 'send':
      return send(staff, draftId, state, { anyway: false })
    case 'sendAnyway':
      return send(staff, draftId, state, { anyway: true })
    case 'save':
      return save(staff, draftId, state)
    default:
      return {
        ...state,
        ...(await refusal(staff, inputOf(typed))),
        preview: { ...(await showPreview(staff, typed)), kept },
      }
  }
}

/** Mail and page for what is typed so far; asked while somebody types, who may leave at any moment: it is kept. */
export async function previewAction(draftId: string | null, form: FormData): Promise<ShownPreview> {
  const staff = await requireActingStaff(...requesters)
  const typed = readTyped(form)
  const kept = await keep(staff, draftId, { typed, formKey: textOf(form, 'formKey') })
  return { ...(await showPreview(staff, typed)), kept }
}

async function keep(
  staff: Staff,
  requestId: string | null,
  { typed, formKey }: Pick<RequestState, 'typed' | 'formKey'>,
): Promise<boolean> {
  return isBlank(typed) ? false : keepTyped(staff, { formKey, requestId, typed })
}

export async function deleteDraftAction(draftId: string): Promise<void> {
  const staff = await requireActingStaff(...requesters)
  const { kind } = await deleteDraft(staff, draftId)
  redirect(`/connections/new?said=${kind === 'done' ? 'deleted' : kind}` as Route)
}

export async function forgetTypedAction(formKey: string): Promise<void> {
  const staff = await requireActingStaff(...requesters)
  redirect(`/connections/new?said=${(await forgetTyped(staff, formKey)) ? 'deleted' : 'gone'}` as Route)
}

/** Without scripts the page is drawn from what is kept: a connection more or less has to be in it. */
async function keepChanged(staff: Staff, draftId: string | null, state: RequestState): Promise<RequestState> {
  await keep(staff, draftId, state)
  return state
}

async function addConnection(state: RequestState): Promise<RequestState> {
  const { connections } = state.typed
  const t = await pageWords()
  if (connections.length >= CONNECTIONS_MAX) return { ...state, problems: { add: t('requests.form.tooMany') } }
  return { ...state, typed: { ...state.typed, connections: [...connections, emptyConnection()] } }
}

async function send(
  staff: Staff,
  draftId: string | null,
  state: RequestState,
  { anyway }: { anyway: boolean },
): Promise<RequestState> {
  const input = inputOf(state.typed)
  const refused = await refusal(staff, input)
  if (refused) return { ...state, ...refused }
  const duplicates = anyway ? [] : await duplicatesOf(staff, input)
  if (duplicates.length > 0) return { ...state, duplicates }
  if (!draftId) {
    const request = await requestOnce(staff, input, creationKeyOf(staff, state.formKey, ['send', input]))
    await forgetTyped(staff, state.formKey)
    leave(request)
  }
  const outcome = await sendDraft(staff, input, draftId)
  await forgetTyped(staff, state.formKey)
  leaveDraft(outcome)
}

async function save(staff: Staff, draftId: string | null, state: RequestState): Promise<RequestState> {
  const input = inputOf(state.typed)
  const refused = await refusal(staff, input)
  if (refused) return saveUnfinished(draftId, state, refused)
  if (!draftId) {
    const { id } = await saveDraft(staff, input, creationKeyOf(staff, state.formKey, ['draft', input]))
    await forgetTyped(staff, state.formKey)
    redirect(`/connections/new?draft=${id}&said=saved` as Route)
  }
  const outcome = await changeDraft(staff, input, draftId)
  await forgetTyped(staff, state.formKey)
  redirect(
    (outcome.kind === 'done'
      ? `/connections/new?draft=${draftId}&said=saved`
      : `/connections/new?said=${outcome.kind}`) as Route,
  )
}

/** It was kept when the button was pressed; what is wrong with it counts when it is sent. */
function saveUnfinished(
  draftId: string | null,
  state: RequestState,
  refused: Pick<RequestState, 'problems'>,
): RequestState {
  if (isBlank(state.typed)) return { ...state, ...refused }
  redirect(`/connections/new?${draftId ? `draft=${draftId}` : `unfinished=${state.formKey}`}&said=kept` as Route)
}

function leaveDraft(outcome: DraftOutcome): never {
  if (outcome.kind !== 'done') redirect(`/connections/new?said=${outcome.kind}` as Route)
  leave(outcome.request)
}

/** To the connection, or to the board with all of them: there it says that the request is on its way. */
function leave({ reference, connections }: StoredRequest): never {
  const [only, ...others] = connections
  const page = only && others.length === 0 ? `/connections/${only.id}?` : `/connections?q=${reference}&`
  redirect(`${page}sent=${reference}` as Route)
}

/** What is wrong with the form, field by field; null when it may be stored. */
async function refusal(staff: Staff, input: RequestInput): Promise<Pick<RequestState, 'problems'> | null> {
  try {
    await checkRequest(staff, input)
    return null
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const t = await pageWords()
    const offered = (await listProfiles(db(), staff)).filter(({ disabledAt }) => !disabledAt)
    const keys = offered.map(({ key }) => key).join(', ')
    // The name is made from the customer and the address: where it is missing, those are, and they are asked for.
    const asked = [...problemsOf(error)].filter(([path, problem]) => path !== 'contact.name' || problem !== 'missing')
    const found = asked.map(([path, problem]) => {
      const field = fieldOfPath(path)
      const label = t(`requests.form.${field.split('.').at(-1)}`)
      return [field, t(`requests.problem.${problem}`, { label, typed: profileTyped(input, path), profiles: keys })]
    })
    return { problems: Object.fromEntries(found) }
  }
}

function profileTyped({ connections }: RequestInput, path: string): string {
  return connections[Number(path.split('.')[1])]?.profile ?? ''
}

async function duplicatesOf(staff: Staff, input: RequestInput): Promise<RequestState['duplicates']> {
  const wanted = await checkRequest(staff, input)
  const t = await pageWords()
  const found = await findDuplicates(staff, {
    customer: wanted.customer,
    email: wanted.contact.email,
    profiles: wanted.connections.map(({ profile }) => profile.key),
  })
  return found.slice(0, DUPLICATES_SHOWN_MAX).map(({ id, reference, customerName, contactEmail }) => ({
    connectionId: id,
    text: t('requests.duplicate.line', { reference, customer: customerName, email: contactEmail }),
  }))
}

const DUPLICATES_SHOWN_MAX = 5

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
