import 'server-only'
import * as z from 'zod'
import type { Actor } from '#lib/actor.ts'
import { fingerprint, sha256 } from '#lib/crypto/digest.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { markAdopted, saveTyped } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { newId } from '#lib/data/ids.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { findRequestByCreationKey, insertConnection, insertRequest, isReferenceFree } from '#lib/data/requests.ts'
import { findFirstAdmin } from '#lib/data/staff.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import type { Verdict } from '#lib/providers/provider.ts'
import { providers } from '#lib/providers/registry.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { Secret } from '#lib/secret.ts'
import type { Profile } from './profiles.ts'
import type { CsvRecord } from './read-list.ts'
import { readRecords } from './read-list.ts'
import { connectionName, freeReference, requestRow } from './request.ts'
import type { WantedRequest } from './request-schema.ts'
import { parseRequest, problemsOf } from './request-schema.ts'
import type { Settlement } from './settle.ts'
import { prepareSettlement, writeSettlement } from './settle.ts'
import type { Status } from './status.ts'
import { typedContactName } from './typed-name.ts'
import { checkLive, compareWithExpected } from './verify.ts'

/** The columns of a list of credentials that a team holds already. The header row names them, in any order. */
export const adoptColumns = [
  'customer',
  'contact_name',
  'email',
  'domain',
  'api_token',
  'profile',
  'connection_name',
  'start_date',
  'external_id',
  'language',
] as const
export type AdoptColumn = (typeof adoptColumns)[number]
const neededColumns: readonly AdoptColumn[] = ['customer', 'email', 'domain', 'api_token', 'profile']

export const ADOPT_ROWS_MAX = 500
const CHECKS_AT_ONCE = 8

/** What is wrong, and where. Never what was typed: it may be an API token in the wrong column. */
export type AdoptProblem = { line: number; column: AdoptColumn | 'header' | 'row'; problem: string }

export type AdoptedRow = {
  line: number
  customer: string
  reference: string | null
  connectionId: string | null
  verdict: VerdictCode | null
  status: Status
  /** Whether the token was sealed. One that does not work is not kept. */
  kept: boolean
  importedBefore: boolean
}

export type AdoptOutcome = { kind: 'bad_list'; problems: AdoptProblem[] } | { kind: 'done'; rows: AdoptedRow[] }

type Candidate = {
  line: number
  wanted: Omit<WantedRequest, 'ownerId'>
  profile: Profile
  name: string
  domain: string
  apiToken: Secret
  startDate: string | null
  creationKey: string
}

/**
 * Takes credentials over that a team holds already: each is checked live like one that a customer typed, sealed when
 * it works, and marked as shared before. A list with any fault in it changes nothing; one that was imported before,
 * or half of it, is gone through again without making anything twice. `dryRun` checks and stores nothing.
 */
export async function adoptCredentials(
  actor: Actor,
  list: Secret,
  { dryRun }: { dryRun: boolean },
): Promise<AdoptOutcome> {
  const read = readCandidates(actor, list, await listProfiles(db(), actor))
  if (!Array.isArray(read)) return { kind: 'bad_list', ...read }
  const ownerId = (await findFirstAdmin(db(), actor.teamId))?.id ?? null
  const rows: AdoptedRow[] = []
  for (let start = 0; start < read.length; start += CHECKS_AT_ONCE) {
    const some = read.slice(start, start + CHECKS_AT_ONCE)
    const verdicts = await Promise.all(some.map((candidate) => check(actor, candidate)))
    // One after the other: a token that stands twice in the list is compared with the one before.
    for (const [index, candidate] of some.entries())
      rows.push(await adopt(actor, candidate, { verdict: verdicts[index] ?? null, ownerId, dryRun }))
  }
  return { kind: 'done', rows }
}

/** Null: imported before, nothing to ask. */
async function check(actor: Actor, candidate: Candidate): Promise<Verdict | null> {
  if (await findRequestByCreationKey(db(), actor, candidate.creationKey)) return null
  const { apiToken, domain, startDate, profile } = candidate
  const connection = { teamId: actor.teamId, provider: usualProvider, profile: profile.key }
  return checkLive(connection, { apiToken, companyDomain: domain, startDate })
}

async function adopt(
  actor: Actor,
  candidate: Candidate,
  { verdict, ownerId, dryRun }: { verdict: Verdict | null; ownerId: string | null; dryRun: boolean },
): Promise<AdoptedRow> {
  const { line, profile, apiToken, creationKey } = candidate
  const before = await findRequestByCreationKey(db(), actor, creationKey)
  if (before || !verdict) return adoptedBefore(candidate, before)
  const connection = unsaved(actor, candidate)
  const code = await compareWithExpected(connection, verdict, { fingerprint: fingerprint(actor.teamId, apiToken) })
  // The team uses the token as it is: its limits are known to whoever imports it.
  const accepted = code === 'LIMITED_ACCESS' && profile.limitsAllowed ? [code] : []
  const settlement = await prepareSettlement(actor, connection, {
    code,
    verdict,
    apiToken,
    accepted,
    askedDomain: candidate.domain,
  })
  const reference = dryRun ? null : await store(actor, candidate, settlement, ownerId)
  return {
    line,
    customer: candidate.wanted.customer,
    reference,
    connectionId: dryRun ? null : connection.id,
    verdict: code,
    status: settlement.status,
    kept: settlement.credential !== null,
    importedBefore: false,
  }
}

function adoptedBefore(
  { line, wanted }: Candidate,
  before: Awaited<ReturnType<typeof findRequestByCreationKey>>,
): AdoptedRow {
  const connection = before?.connections[0]
  if (!before || !connection) throw new Error('a row was neither checked nor imported')
  return {
    line,
    customer: wanted.customer,
    reference: before.reference,
    connectionId: connection.id,
    verdict: null,
    status: connection.status,
    kept: true,
    importedBefore: true,
  }
}

/** One transaction for each row: request, connection, credential and audit, or nothing. */
async function store(
  actor: Actor,
  { wanted, name, domain, startDate, creationKey }: Candidate,
  settlement: Settlement,
  ownerId: string | null,
): Promise<string> {
  const { connection, code } = settlement
  return inTransaction(async (trx) => {
    const reference = await freeReference((candidate) => isReferenceFree(trx, actor.teamId, candidate))
    const { id: requestId, customerId } = await insertRequest(trx, actor, {
      ...requestRow({ ...wanted, ownerId }),
      reference,
      creationKey,
    })
    const connectionId = await insertConnection(trx, actor, {
      id: connection.id,
      requestId,
      customerId,
      provider: connection.provider,
      profile: connection.profile,
      name,
      status: connection.status,
      expectedDomain: connection.expectedDomain,
      externalId: wanted.connections[0]?.externalId || null,
      startDate,
    })
    await recordAudit(trx, actor, {
      action: 'request.created',
      objectId: requestId,
      details: { reference, status: connection.status, connections: [connectionId] },
    })
    await saveTyped(trx, actor, {
      connectionId,
      name,
      typedDomain: domain,
      startDate,
      acceptedCodes: code === 'LIMITED_ACCESS' ? [code] : [],
    })
    await markAdopted(trx, actor, connectionId)
    await writeSettlement(trx, actor, settlement, { from: connection.status, version: 0, trigger: 'staff' })
    await recordAudit(trx, actor, {
      action: 'credential.adopted',
      objectId: connectionId,
      details: { verdict: code, kept: settlement.credential !== null },
    })
    return reference
  })
}

/** The connection as it will be, with an id that its token can be sealed for before it is stored. */
function unsaved(actor: Actor, { wanted, profile, name, domain, startDate }: Candidate): CustomerConnection {
  return {
    id: newId('con'),
    teamId: actor.teamId,
    requestId: '',
    provider: usualProvider,
    profile: profile.key,
    name,
    status: 'queued',
    verdictCode: null,
    version: 0,
    acceptedCodes: [],
    typedDomain: domain,
    // Whoever imports a token knows the company: another one is not to be slipped in.
    expectedDomain: domain,
    providerCompanyId: null,
    providerCompanyDomain: null,
    providerCompanyName: null,
    providerUserId: null,
    providerUserName: null,
    providerUserEmail: null,
    startDate,
    connectedAt: null,
    checkedAt: null,
    adoptedAt: null,
    exposedAt: null,
    nextCheckAt: null,
    waitedSeconds: null,
    reference: '',
    language: wanted.language,
    project: '',
    note: null,
    requestedAt: new Date(),
    customerName: wanted.customer,
    contactName: wanted.contact.name,
    contactEmail: wanted.contact.email,
    teamName: '',
    ownerName: null,
    ownerEmail: null,
    supportEmail: null,
  }
}

function readCandidates(
  actor: Actor,
  list: Secret,
  profiles: readonly Profile[],
): Candidate[] | { problems: AdoptProblem[] } {
  const records = readRecords(new TextEncoder().encode(list.reveal()), ADOPT_ROWS_MAX)
  const wrong = (line: number, column: AdoptProblem['column'], problem: string) => ({
    problems: [{ line, column, problem }],
  })
  if (!Array.isArray(records)) return wrong(Number(records.what) || 1, 'row', 'cannot be read as CSV')
  const [head, ...body] = records
  if (!head || body.length === 0) return wrong(1, 'header', 'there are no rows below the header')
  if (body.length > ADOPT_ROWS_MAX) return wrong(1, 'row', `there are more than ${ADOPT_ROWS_MAX}: split the list`)
  const columns = head.record.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'))
  const headProblem = problemOfHeader(columns)
  if (headProblem) return wrong(1, 'header', headProblem)
  const read = body.map((record) => candidateOf(actor, cellsOf(record, columns), profiles))
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []))
  return problems.length > 0 ? { problems } : read.flatMap((one) => ('problems' in one ? [] : [one]))
}

/** Names columns by their place: without a header the first row holds somebody's token. */
function problemOfHeader(columns: string[]): string | null {
  const unknown = columns.findIndex((name) => !(adoptColumns as readonly string[]).includes(name))
  if (unknown >= 0) return `column ${unknown + 1} is none of ${adoptColumns.join(', ')}`
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice) return `${twice} is there twice`
  const missing = neededColumns.find((name) => !columns.includes(name))
  return missing ? `${missing} is missing` : null
}

type Cells = { line: number; extra: boolean } & Partial<Record<AdoptColumn, string>>

function cellsOf({ record, info }: CsvRecord, columns: string[]): Cells {
  const cells = Object.fromEntries(columns.map((name, index) => [name, record[index] ?? '']))
  return { ...cells, line: info.lines, extra: record.length > columns.length }
}

const requestColumns: Record<string, AdoptColumn> = {
  customer: 'customer',
  'contact.name': 'contact_name',
  'contact.email': 'email',
  language: 'language',
  'connections.0.profile': 'profile',
  'connections.0.name': 'connection_name',
  'connections.0.externalId': 'external_id',
}
const fieldColumns: Record<string, AdoptColumn> = {
  connectionName: 'connection_name',
  domain: 'domain',
  apiToken: 'api_token',
  startDate: 'start_date',
}

function candidateOf(
  actor: Actor,
  cells: Cells,
  profiles: readonly Profile[],
): Candidate | { problems: AdoptProblem[] } {
  const { line } = cells
  const problems: AdoptProblem[] = cells.extra
    ? [{ line, column: 'row', problem: 'has more cells than the header' }]
    : []
  const wanted = parsed(() => parseRequest(inputOf(cells), profiles))
  if (wanted instanceof z.ZodError)
    for (const [path, problem] of problemsOf(wanted))
      problems.push({ line, column: requestColumns[path] ?? 'row', problem })
  const profile = profiles.find(({ key }) => key === cells.profile?.trim())
  const fields = providers[usualProvider]
    .schema({ startDate: profile?.startDate ?? 'optional', today: new Date() })
    .safeParse({
      connectionName: cells.connection_name,
      domain: cells.domain,
      apiToken: cells.api_token,
      startDate: cells.start_date,
    })
  if (!fields.success)
    for (const { path, message } of fields.error.issues)
      problems.push({ line, column: fieldColumns[String(path[0])] ?? 'row', problem: message })
  if (problems.length > 0 || wanted instanceof z.ZodError || !fields.success || !profile) return { problems }
  const [connection] = wanted.connections
  if (!connection) throw new Error('a row without a connection')
  const { domain, startDate } = fields.data
  const apiToken = new Secret(fields.data.apiToken)
  const name = fields.data.connectionName || connectionName(wanted, connection)
  const print = fingerprint(actor.teamId, apiToken).toString('hex')
  const same = ['adopt', wanted.customer, wanted.contact.email, domain, profile.key, name, connection.externalId, print]
  const creationKey = sha256(JSON.stringify(same)).toString('hex')
  return { line, wanted, profile, name, domain, apiToken, startDate, creationKey }
}

function parsed<T>(parse: () => T): T | z.ZodError {
  try {
    return parse()
  } catch (error) {
    if (error instanceof z.ZodError) return error
    throw error
  }
}

function inputOf(cells: Cells): Parameters<typeof parseRequest>[0] {
  const { customer = '', email = '' } = cells
  return {
    customer,
    contact: { name: typedContactName(cells.contact_name, { customer, contact_email: email }), email },
    language: (cells.language || undefined) as 'en' | 'de' | undefined,
    connections: [
      {
        provider: usualProvider,
        profile: cells.profile ?? '',
        externalId: cells.external_id || undefined,
        name: cells.connection_name || undefined,
      },
    ],
  }
}
