'use server'

import type { Route } from 'next'
import { notFound, redirect } from 'next/navigation'
import type { DialogState } from '#components/connection/action-dialog.tsx'
import type { Staff } from '#lib/actor.ts'
import { requireActingStaff } from '#lib/auth/session.ts'
import type { CallOffOutcome } from '#lib/connection/call-off.ts'
import { callOff } from '#lib/connection/call-off.ts'
import { openCase } from '#lib/connection/case.ts'
import type { DecideOutcome } from '#lib/connection/decide.ts'
import { acceptPending, changeCompany, checkNow, refusePending } from '#lib/connection/decide.ts'
import type { FreezeOutcome } from '#lib/connection/freeze.ts'
import { findFreezable, freeze } from '#lib/connection/freeze.ts'
import type { Control, ControlOutcome } from '#lib/connection/link-controls.ts'
import {
  copyLinkOnce,
  correctAddress,
  lengthenLink,
  nameBackup,
  resendLink,
  withdrawLink,
} from '#lib/connection/link-controls.ts'
import type { OffBoardOutcome } from '#lib/connection/off-board.ts'
import { OFF_BOARDING_DAYS, offBoard } from '#lib/connection/off-board.ts'
import type { ProposalOutcome } from '#lib/connection/propose.ts'
import { acceptProposal, proposeAddress, refuseProposal } from '#lib/connection/propose.ts'
import { REASON_LENGTH_MAX } from '#lib/connection/reason.ts'
import { askForNewToken } from '#lib/connection/rotate.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatDateTime } from '#lib/format.ts'
import { log } from '#lib/log.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { pageLanguage, pageWords } from '../../../page-words.ts'
import { section } from '../../sections.ts'

/** Where the dialog stood, and where its answer is read. */
export type CaseBase = 'connections' | 'support'

type Where = { connectionId: string; base: CaseBase }
type Opened = { connection: CustomerConnection; control: Control }

/** Who gets the link, and what is accepted, is for whoever answers for the customer. */
const managers = ['admin', 'account_manager'] as const

/** What was typed comes back so that it can be mended, up to here. */
const KEPT_LENGTH_MAX = 2_000
const NAME_LENGTH_MAX = 120
const DAYS_MAX = 60

export async function resendAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { control } = await open(staff, where, form)
  return answer(where, form, await resendLink(staff, control), 'resent')
}

export async function extendAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { control } = await open(staff, where, form)
  const days = Number(textOf(form, 'days'))
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX) return mend(form, { days: 'bad_days' })
  return answer(where, form, await lengthenLink(staff, { ...control, days }), 'extended')
}

export async function revokeAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { control } = await open(staff, where, form)
  return answer(where, form, await withdrawLink(staff, { ...control, reason: control.reason ?? '' }), 'revoked')
}

/** Answers the address in the answer to this POST, and nowhere else. */
export async function copyAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const copied = await copyLinkOnce(staff, control)
  if (copied.kind !== 'done') return answer(where, form, copied.kind, 'resent')
  const [t, language] = [await pageWords(), await pageLanguage()]
  const { address, expiresAt } = copied
  return {
    problem: null,
    problems: {},
    typed: {},
    shown: {
      title: t('case.shown.title', { contact: `${connection.contactName} (${connection.contactEmail})` }),
      lead: t('case.shown.lead', { date: formatDateTime(expiresAt, language) }),
      address,
    },
  }
}

export async function addressAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { control } = await open(staff, where, form)
  const { person, problems } = personOf(form)
  if (!person) return mend(form, problems)
  return answer(where, form, await correctAddress(staff, { ...control, ...person }), 'corrected')
}

/** Support names nobody who gets a link, but may ask whoever does. */
export async function proposeAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const { person, problems } = personOf(form)
  if (!control.reason) return mend(form, { ...problems, reason: 'reason_needed' })
  if (!person) return mend(form, problems)
  const outcome = await proposeAddress(staff, { ...control, ...person, connectionId: connection.id })
  return answer(where, form, outcome, 'proposed')
}

export async function useAddressAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  const { control } = await open(staff, where, form)
  const proposalId = textOf(form, 'proposalId')
  return answer(where, form, await acceptProposal(staff, { ...control, proposalId }), 'corrected')
}

export async function keepAddressAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { control } = await open(staff, where, form)
  const proposalId = textOf(form, 'proposalId')
  return answer(where, form, await refuseProposal(staff, { ...control, proposalId }), 'address_kept')
}

export async function backupAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  const { connection } = await open(staff, where, form)
  const { person, problems } = personOf(form)
  const isTakenAway = textOf(form, 'remove') === 'yes'
  if (!person && !isTakenAway) return mend(form, problems)
  const backup = isTakenAway ? null : person
  return answer(where, form, await nameBackup(staff, { requestId: connection.requestId, backup }), 'backup')
}

export async function acceptAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  const { connection } = await open(staff, where, form)
  let outcome: DecideOutcome
  try {
    outcome = await acceptPending(staff, connection.id)
  } catch (error) {
    const reference = log.error('decide.failed', error, { connectionId: connection.id })
    return refuse(form, (await pageWords())('case.said.unfinished', { reference }))
  }
  return answer(where, form, outcome, 'decided')
}

export async function refuseAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  const { connection } = await open(staff, where, form)
  return answer(where, form, await refusePending(staff, connection.id), 'decided')
}

export async function companyAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  const { connection } = await open(staff, where, form)
  const outcome = await changeCompany(staff, { connectionId: connection.id, domain: textOf(form, 'domain') })
  if (outcome === 'not_a_company') return mend(form, { domain: outcome })
  return answer(where, form, outcome, 'company')
}

export async function checkAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const outcome = await checkNow(staff, { connectionId: connection.id, reason: control.reason })
  return answer(where, form, outcome, 'checking')
}

/** Somebody may have seen the token: the customer is asked for a new one. */
export async function rotateAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.connections.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const outcome = await askForNewToken(staff, { connectionId: connection.id, reason: control.reason })
  return answer(where, form, outcome, 'rotating')
}

/** The emergency stop, for the connection or for all of its customer. */
export async function freezeAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...section.support.roles)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const reason = control.reason ?? ''
  const customer = textOf(form, 'scope') === 'customer' && (await findFreezable(staff, { connectionId: connection.id }))
  const outcome = await freeze(
    staff,
    customer
      ? { scope: 'customer', customerId: customer.id, reason }
      : { scope: 'connection', connectionId: connection.id, reason },
  )
  return answer(where, form, outcome, 'frozen')
}

/** Begins the end of the connection: the customer is asked to withdraw the token. */
export async function closeAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const days = Number(textOf(form, 'days'))
  if (!Number.isInteger(days) || days < OFF_BOARDING_DAYS.min || days > OFF_BOARDING_DAYS.max)
    return mend(form, { days: 'bad_days' })
  if (!control.reason) return mend(form, { reason: 'reason_needed' })
  return answer(
    where,
    form,
    await offBoard(staff, { connectionId: connection.id, reason: control.reason, days }),
    'closing',
  )
}

/** The connection goes on after all. */
export async function callOffAction(where: Where, _before: DialogState, form: FormData): Promise<DialogState> {
  const staff = await requireActingStaff(...managers)
  if (isTooLong(form)) return mend(form, { reason: 'reason_long' })
  const { connection, control } = await open(staff, where, form)
  const outcome = await callOff(staff, { connectionId: connection.id, reason: control.reason })
  return answer(where, form, outcome, 'kept')
}

async function open(staff: Staff, { connectionId }: Where, form: FormData): Promise<Opened> {
  const connection = await openCase(staff, connectionId)
  if (!connection) notFound()
  const reason = textOf(form, 'reason').trim() || null
  const linkId = textOf(form, 'linkId') || null
  return { connection, control: { requestId: connection.requestId, linkId, reason } }
}

function isTooLong(form: FormData): boolean {
  return textOf(form, 'reason').trim().length > REASON_LENGTH_MAX
}

type Outcome =
  | ControlOutcome
  | CallOffOutcome
  | DecideOutcome
  | FreezeOutcome
  | OffBoardOutcome
  | ProposalOutcome
  | 'not_waiting'

/** Done: back to the page, which says so. Else the dialog stays and says why. */
async function answer({ connectionId, base }: Where, form: FormData, outcome: Outcome, said: string) {
  if (outcome === 'done') redirect(`/${base}/${connectionId}?said=${said}` as Route)
  if (outcome === 'reason_needed' || outcome === 'reason_long') return mend(form, { reason: outcome })
  return refuse(form, (await pageWords())(`case.said.${outcome}`))
}

function refuse(form: FormData, problem: string): DialogState {
  return { problem, problems: {}, typed: typedIn(form), shown: null }
}

async function mend(form: FormData, problems: Record<string, string>): Promise<DialogState> {
  const t = await pageWords()
  const limits = { max: REASON_LENGTH_MAX }
  const worded = Object.entries(problems).map(([name, problem]) => [name, t(`case.said.${problem}`, limits)])
  return { problem: null, problems: Object.fromEntries(worded), typed: typedIn(form), shown: null }
}

function personOf(form: FormData): {
  person: { name: string; email: string } | null
  problems: Record<string, string>
} {
  const name = textOf(form, 'name').replace(/\s+/g, ' ').trim()
  const email = parseEmailAddress(textOf(form, 'email'))
  const isName = name !== '' && name.length <= NAME_LENGTH_MAX && !/\p{Cc}/u.test(name)
  const problems = { ...(isName ? {} : { name: 'bad_name' }), ...(email ? {} : { email: 'bad_email' }) }
  return { person: isName && email ? { name, email } : null, problems }
}

const KEPT_FIELDS = ['reason', 'days', 'name', 'email', 'domain']

function typedIn(form: FormData): Record<string, string> {
  return Object.fromEntries(KEPT_FIELDS.map((name) => [name, textOf(form, name).slice(0, KEPT_LENGTH_MAX)]))
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
