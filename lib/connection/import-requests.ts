import 'server-only'
import * as z from 'zod'
import type { Staff } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { OpenConnection } from '#lib/data/open-requests.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { findImport, findSentByKey, insertImport } from '#lib/data/request-imports.ts'
import { log } from '#lib/log.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import { duplicateFinder } from './duplicates.ts'
import type { Profile } from './profiles.ts'
import type { ListColumn, ListFault, ListRow } from './read-list.ts'
import { readList } from './read-list.ts'
import { requestOnce } from './request.ts'
import type { Problem, RequestInput } from './request-schema.ts'
import { parseRequest, problemsOf } from './request-schema.ts'
import { typedContactName } from './typed-name.ts'

/** What is wrong with one cell; `extra` is a row with more cells than columns. */
export type CellProblem = { column: ListColumn | 'extra'; problem: Problem; typed: string }

/** One row of a list, looked at and not sent, or sent before. */
export type CheckedRow = {
  line: string
  customer: string
  contactName: string
  contactEmail: string
  profile: string
  problems: CellProblem[]
  /** Open already, here or earlier in the same list (`line`). */
  duplicates: OpenConnection[]
  duplicateLine: string | null
  sent: { id: string; reference: string } | null
}

type Checked = CheckedRow & { key: string; input: RequestInput }

/** Keeps an uploaded file for its dry run, or says why it cannot be read. */
export async function uploadList(staff: Staff, file: Uint8Array): Promise<{ importId: string } | ListFault> {
  const read = readList(file)
  if ('fault' in read) return read
  return inTransaction(async (trx) => {
    const importId = await insertImport(trx, staff, read.rows)
    await recordAudit(trx, staff, {
      action: 'import.uploaded',
      objectId: importId,
      details: { rows: read.rows.length },
    })
    return { importId }
  })
}

const IMPORT_ID = /^imp_[0-9a-hjkmnp-tv-z]{26}$/

/** What would be sent, row by row. Null when there is no such list in the team, or it was erased. */
export async function checkList(staff: Staff, importId: string): Promise<Checked[] | null> {
  if (!IMPORT_ID.test(importId)) return null
  const rows = (await findImport(db(), staff, importId)) as ListRow[] | null
  if (!rows) {
    await recordAudit(db(), staff, { action: 'access.refused', objectId: importId, outcome: 'refused' })
    return null
  }
  const profiles = await listProfiles(db(), staff)
  const checked = rows.map((row) => checkRow(row, profiles, keyOf(importId, row)))
  const sent = await findSentByKey(
    db(),
    staff,
    checked.map(({ key }) => key),
  )
  const good = checked.filter(({ problems }) => problems.length === 0)
  const findDuplicates = await duplicateFinder(staff, good.map(askingOf))
  return checked.map((row, index) => ({
    ...row,
    sent: sent.get(row.key) ?? null,
    duplicates:
      row.problems.length > 0 ? [] : findDuplicates(askingOf(row)).filter(({ reference }) => !isOwn(sent, reference)),
    duplicateLine: earlierLine(checked.slice(0, index), row),
  }))
}

export type SendOutcome = { sent: number; skipped: number; failed: number } | 'unknown' | 'bad_rows'

/**
 * Sends a list: each row is a request of its own, so that one that fails leaves the others sent. A second press
 * finds what the first one sent.
 */
export async function sendList(
  staff: Staff,
  importId: string,
  { duplicatesToo }: { duplicatesToo: boolean },
): Promise<SendOutcome> {
  const rows = await checkList(staff, importId)
  if (!rows) return 'unknown'
  if (rows.some(({ problems, sent }) => problems.length > 0 && !sent)) return 'bad_rows'
  const open = rows.filter(({ sent }) => !sent)
  const wanted = open.filter((row) => duplicatesToo || !isDuplicate(row))
  let failed = 0
  for (const row of wanted) {
    try {
      await requestOnce(staff, row.input, row.key)
    } catch (error) {
      log.error('import.row_failed', error, { requestId: row.key })
      failed++
    }
  }
  return { sent: wanted.length - failed, skipped: open.length - wanted.length, failed }
}

export function isDuplicate({ duplicates, duplicateLine }: CheckedRow): boolean {
  return duplicates.length > 0 || duplicateLine !== null
}

/** The row's place in its list: pressing twice makes the same key twice. */
function keyOf(importId: string, { line }: ListRow): string {
  return `${importId}:${line}`
}

function isOwn(sent: Map<string, { reference: string }>, reference: string): boolean {
  return [...sent.values()].some((request) => request.reference === reference)
}

function askingOf({ customer, contactEmail, profile }: CheckedRow) {
  return { customer, email: contactEmail, profiles: [profile] }
}

function earlierLine(earlier: CheckedRow[], row: CheckedRow): string | null {
  if (row.problems.length > 0) return null
  const same = earlier.find(
    (other) =>
      other.contactEmail === row.contactEmail ||
      (other.customer.toLowerCase() === row.customer.toLowerCase() && other.profile === row.profile),
  )
  return same?.line ?? null
}

const columnOf: Record<string, ListColumn> = {
  customer: 'customer',
  'contact.name': 'contact_name',
  'contact.email': 'contact_email',
  language: 'language',
  note: 'note',
  'connections.0.profile': 'profile',
  'connections.0.expectedDomain': 'expected_domain',
  'connections.0.startDate': 'start_date',
  'connections.0.externalId': 'external_id',
}

function checkRow(row: ListRow & { extra?: string }, profiles: readonly Profile[], key: string): Checked {
  const input = inputOf(row)
  const seen = {
    line: row.line,
    customer: row.customer ?? '',
    contactName: input.contact.name,
    contactEmail: row.contact_email ?? '',
    profile: row.profile ?? '',
    duplicates: [],
    duplicateLine: null,
    sent: null,
    key,
    input,
  }
  const extra: CellProblem[] = row.extra ? [{ column: 'extra', problem: 'unknown', typed: '' }] : []
  try {
    const { contact, customer } = parseRequest(input, profiles)
    return { ...seen, customer, contactName: contact.name, contactEmail: contact.email, problems: extra }
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    return { ...seen, problems: [...cellProblems(error, row), ...extra] }
  }
}

function cellProblems(error: z.ZodError, row: ListRow): CellProblem[] {
  return [...problemsOf(error)].flatMap(([path, problem]) => {
    const column = columnOf[path]
    if (!column) throw new Error(`no column for ${path}`)
    return [{ column, problem, typed: (row[column] ?? '').slice(0, 60) }]
  })
}

function inputOf(row: ListRow): RequestInput {
  return {
    customer: row.customer ?? '',
    contact: { name: typedContactName(row.contact_name, row), email: row.contact_email ?? '' },
    language: (row.language || undefined) as RequestInput['language'],
    note: row.note || undefined,
    connections: [
      {
        provider: usualProvider,
        profile: row.profile ?? '',
        expectedDomain: row.expected_domain || undefined,
        startDate: row.start_date || undefined,
        externalId: row.external_id || undefined,
      },
    ],
  }
}
