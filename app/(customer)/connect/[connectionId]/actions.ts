'use server'

import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { ButtonAnswer } from '#components/connect/answered-button.tsx'
import type { Found } from '#components/connect/verdict-panel.tsx'
import type { Unfinished } from '#components/connect/yes-form.tsx'
import type { FieldsState } from '#components/ui/fields-form.tsx'
import type { LinkHolder } from '#lib/actor.ts'
import { answerWith } from '#lib/answer.ts'
import { findActingHolder } from '#lib/auth/secure-link.ts'
import { confirmPending } from '#lib/connection/confirm.ts'
import type { ConnectOutcome } from '#lib/connection/connect.ts'
import { connect } from '#lib/connection/connect.ts'
import type { Explanation } from '#lib/connection/explain.ts'
import { explain } from '#lib/connection/explain.ts'
import { addressForOtherDevice, mailLinkAgain } from '#lib/connection/links.ts'
import { mayUseOtherCompany } from '#lib/connection/other-company.ts'
import { askQuestion, QUESTION_LENGTH_MAX } from '#lib/connection/question.ts'
import { mailReceipt } from '#lib/connection/receipt.ts'
import type { Status } from '#lib/connection/status.ts'
import { providerOf } from '#lib/connection/verify.ts'
import { visit } from '#lib/connection/visit.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { getProfile } from '#lib/data/profiles.ts'
import { findLatestVerification } from '#lib/data/verifications.ts'
import { maskEmail } from '#lib/format.ts'
import { log } from '#lib/log.ts'
import type { ProviderId } from '#lib/providers/fields.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import { qrCodeOf } from '#lib/qr-code.ts'
import { Secret } from '#lib/secret.ts'
import type { Words } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { foundIn } from '../../found.ts'

type FieldName = 'connectionName' | 'domain' | 'apiToken' | 'startDate'

/** What the form draws after an answer. Never the token. */
export type ConnectState = {
  typed: { connectionName: string; domain: string; startDate: string }
  submissionKey: string
  status: Status
  code: VerdictCode | null
  fieldErrors: Partial<Record<FieldName, string>>
  explanation: Explanation | null
  /** COMPANY_MISMATCH: the company that may be used instead, in one press. */
  otherDomain: string | null
  found: Found | null
  tokenHint: string | null
  /** What was taken away around the token, first of all. */
  removed: string | null
  reference: string | null
}

/** The customer presses "Check and connect". Works without JavaScript: the page re-renders with the returned state. */
export async function connectAction(connectionId: string, before: ConnectState, form: FormData): Promise<ConnectState> {
  const typed = {
    connectionName: textOf(form, 'connectionName'),
    domain: textOf(form, 'domain'),
    startDate: textOf(form, 'startDate'),
  }
  const state: ConnectState = {
    ...before,
    typed,
    submissionKey: crypto.randomUUID(),
    fieldErrors: {},
    explanation: null,
    otherDomain: null,
    found: null,
    tokenHint: null,
    removed: null,
    reference: null,
  }
  try {
    const holder = await findActingHolder(connectionId)
    if (!holder) redirect(`/connect/${connectionId}`)
    await visit(holder)
    const connection = await getConnection(db(), holder)
    const removed =
      fieldsOf(connection.provider as ProviderId).cleanApiToken(textOf(form, 'apiToken')).removed[0] ?? null
    const { startDate } = await getProfile(db(), connection)
    const parsed = providerOf(connection)
      .schema({ startDate: connection.startDate ? 'hidden' : startDate, today: new Date() })
      .safeParse({ ...typed, apiToken: textOf(form, 'apiToken') })
    if (!parsed.success) return { ...state, removed, ...refusedFields(connection, parsed.error.issues) }

    const outcome = await connect(holder, {
      connectionName: parsed.data.connectionName,
      domain: parsed.data.domain,
      apiToken: new Secret(parsed.data.apiToken),
      startDate: connection.startDate ?? parsed.data.startDate,
      submissionKey: textOf(form, 'submissionKey') || crypto.randomUUID(),
    })
    return await answer(connectionId, { ...state, removed, tokenHint: hintOf(connection, parsed.data) }, outcome)
  } catch (error) {
    if (isRedirect(error)) throw error
    return { ...state, code: 'INTERNAL', reference: log.error('connect.failed', error, { connectionId }) }
  }
}

/** The customer says yes to what differed: limits, another person, or the other company. */
export async function confirmAction(connectionId: string): Promise<Unfinished> {
  try {
    const holder = await findActingHolder(connectionId)
    if (holder) await confirmPending(holder)
  } catch (error) {
    return { reference: log.error('confirm.failed', error, { connectionId }) }
  }
  redirect(`/connect/${connectionId}`)
}

/** The customer wants the link in their mailbox once more. */
export async function mailAgainAction(connectionId: string): Promise<ButtonAnswer> {
  const { holder, connection } = await getActing(connectionId)
  const sent = await mailLinkAgain(holder)
  return answerIn(connection, sent === 'sent' ? 'pages.connect.mailAgainSent' : 'pages.connect.mailAgainLater')
}

/** The customer's Pipedrive is on another device than their mail. The code is in this answer alone. */
export async function showCodeAction(connectionId: string): Promise<ButtonAnswer> {
  const { holder, connection } = await getActing(connectionId)
  const address = await addressForOtherDevice(holder)
  if (!address) return answerIn(connection, 'pages.connect.codeLater')
  return { ...answerIn(connection, 'pages.connect.codeShown'), code: qrCodeOf(address) }
}

/** The customer wants the receipt by mail once more. */
export async function mailReceiptAction(connectionId: string): Promise<ButtonAnswer> {
  const { holder, connection } = await getActing(connectionId)
  const sent = await mailReceipt(holder)
  return answerIn(connection, sent === 'sent' ? 'pages.done.mailAgainSent' : 'pages.done.mailAgainLater')
}

/** A question to the account manager, from the end of the page. */
export async function askQuestionAction(
  connectionId: string,
  _before: FieldsState,
  form: FormData,
): Promise<FieldsState> {
  const { holder, connection } = await getActing(connectionId)
  const question = form.get('question')
  const typed = typeof question === 'string' ? question : ''
  const outcome = await askQuestion(holder, typed)
  const t = words(connection.language)
  const values = { contact: connection.ownerName ?? connection.teamName, email: connection.contactEmail }
  switch (outcome) {
    case 'sent':
      return { typed: {}, problems: {}, done: t('contact.question.sent', values) }
    case 'secret':
      // Not even given back to the page.
      return { typed: {}, problems: { question: t('contact.form.secret') } }
    case 'too_long':
      return {
        typed: { question: typed },
        problems: { question: t('contact.form.tooLong', { max: QUESTION_LENGTH_MAX }) },
      }
    case 'empty':
    case 'throttled':
      return { typed: { question: typed }, problems: { question: t(`contact.question.${outcome}`, values) } }
  }
}

/** The page itself says why a link no longer opens it. */
async function getActing(connectionId: string): Promise<{ holder: LinkHolder; connection: CustomerConnection }> {
  const holder = await findActingHolder(connectionId)
  if (!holder) redirect(`/connect/${connectionId}`)
  return { holder, connection: await getConnection(db(), holder) }
}

function answerIn(connection: CustomerConnection, key: string): ButtonAnswer {
  return { text: words(connection.language)(key, { email: maskEmail(connection.contactEmail) }) }
}

/** Turns the end of a submission into the next page, or into what the form shows. */
async function answer(connectionId: string, state: ConnectState, outcome: ConnectOutcome): Promise<ConnectState> {
  switch (outcome.kind) {
    case 'link_ended':
    case 'done_before':
      redirect(`/connect/${connectionId}`)
      break
    case 'throttled': {
      answerWith(await headers(), { status: 429, headers: { 'retry-after': String(outcome.retryAfterSeconds) } })
      const connection = await connectionOf(connectionId)
      return { ...state, code: 'LINK_THROTTLED', explanation: connection && explain('LINK_THROTTLED', connection) }
    }
    case 'settled': {
      if (!staysOnForm(outcome)) redirect(`/connect/${connectionId}`)
      const connection = await connectionOf(connectionId)
      if (!connection) redirect(`/connect/${connectionId}`)
      const seen = await findLatestVerification(db(), { teamId: connection.teamId, connectionId })
      const otherDomain = seen?.owner?.companyDomain ?? null
      return {
        ...state,
        status: outcome.status,
        code: outcome.verdictCode,
        explanation: explain(outcome.verdictCode, connection, { owner: seen?.owner, report: seen?.report }),
        found: foundIn(connection, seen),
        tokenHint: hintBeside(connection, outcome.verdictCode, state.tokenHint),
        otherDomain:
          outcome.verdictCode === 'COMPANY_MISMATCH' && mayUseOtherCompany(connection, otherDomain)
            ? otherDomain
            : null,
      }
    }
  }
}

/** The token was not kept, so the next step is the form again; everything else has a page of its own. */
function staysOnForm({
  status,
  verdictCode,
  notKept,
}: {
  status: Status
  verdictCode: VerdictCode
  notKept?: boolean
}): boolean {
  if (notKept) return true
  return status === 'needs_customer' || (status === 'needs_manager' && verdicts[verdictCode].severity !== 'confirm')
}

async function connectionOf(connectionId: string): Promise<CustomerConnection | null> {
  const holder = await findActingHolder(connectionId)
  return holder && getConnection(db(), holder)
}

function textOf(form: FormData, name: FieldName | 'submissionKey'): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** Field errors in the customer's words; the first one is the verdict of the badge. */
function refusedFields(
  connection: CustomerConnection,
  issues: readonly { path: PropertyKey[]; message: string; params?: unknown }[],
): Partial<ConnectState> {
  const t = words(connection.language)
  const fieldErrors: ConnectState['fieldErrors'] = {}
  for (const issue of issues) {
    const name = String(issue.path[0]) as FieldName
    const params = (issue.params ?? {}) as { looksLike?: string | null; hint?: string | null; why?: string | null }
    fieldErrors[name] ??= wordsOf(t, issue.message, params)
  }
  return { fieldErrors, code: issues[0]?.message as VerdictCode, status: connection.status }
}

/** What is wrong with one field: what it looks like instead, why a date will not do, or the title of the verdict. */
function wordsOf(
  t: Words,
  code: string,
  { looksLike, hint, why }: { looksLike?: string | null; hint?: string | null; why?: string | null },
): string {
  if (looksLike) return `${t(`pages.form.kind.${looksLike}`)} ${t('pages.form.kept')}`
  if (why) return t(`pages.form.startDateWhy.${why}`)
  return [t(`verdicts.${code}.title`), hint && t(`pages.form.hint.${hint}`)].filter(Boolean).join('. ')
}

/** A shape that is unusual is worth a word beside a refusal; it is never a refusal by itself. */
function hintOf(
  connection: CustomerConnection,
  { hint, apiToken }: { hint?: string; apiToken: string },
): string | null {
  if (!hint) return null
  const t = words(connection.language)
  return t(`pages.form.hint.${hint}` as Parameters<typeof t>[0], { length: apiToken.length })
}

/** A refused token that has the usual shape may still be the key of a custom field: they look alike. */
function hintBeside({ language }: CustomerConnection, code: VerdictCode, hint: string | null): string | null {
  if (code !== 'TOKEN_REJECTED') return hint
  return hint ?? words(language)('pages.form.hint.same_shape')
}

function isRedirect(error: unknown): boolean {
  return error instanceof Error && 'digest' in error && String(error.digest).startsWith('NEXT_REDIRECT')
}
