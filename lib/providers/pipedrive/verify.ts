import * as z from 'zod'
import { retryAfterOf, secondsOf } from '../../http.ts'
import type { Capability, Needs, TokenOwner, Verdict, VerifyInput } from '../provider.ts'
import type { CheckCode } from '../verdicts.ts'
import {
  type AppAccess,
  type Findings,
  isAdminOf,
  needsPermissions,
  type Permissions,
  type ReadFinding,
  readsFor,
  reportOf,
  surplusOf,
} from './capabilities.ts'
import {
  type Ask,
  BREAKER_REST_SECONDS,
  type CallOutcome,
  createPipedriveClient,
  type PipedriveClient,
  type ReadEntity,
} from './client.ts'
import { isCompanyLabel } from './fields.ts'

const TEXT_CHARACTERS_MAX = 200
const ACCESS_ENTRIES_MAX = 50
const PERMISSIONS_MAX = 500

type Ending = Pick<Verdict, 'code'> & Partial<Omit<Verdict, 'moreThanNeeded'>>
type Failure = { code: CheckCode; retryAfterSeconds: number | null }
type Identity = { owner: TokenOwner; access: AppAccess[] | null; isActive: boolean }

/** Asks Pipedrive who this API token belongs to and what it may do. Reads only: nothing in the company changes. */
export async function verify(input: VerifyInput, ask?: Ask): Promise<Verdict> {
  const client = createPipedriveClient({ ...input, ask })
  const seen: { owner: TokenOwner | null } = { owner: null }
  const ending = await stoppedAfter(input.timeoutMs, check(client, input, seen))
  return {
    owner: seen.owner,
    report: [],
    since: input.needs.startDate,
    surplus: [],
    retryAfterSeconds: null,
    feature: null,
    asked: client.seen.asked,
    burst: client.seen.burst,
    // A copy: calls that are still under way after the hard stop end into the client's own list.
    calls: [...client.calls],
    ...ending,
    moreThanNeeded: (ending.surplus ?? []).length > 0,
  }
}

/** Each call has its own time-out; this one holds whatever happens. */
async function stoppedAfter(timeoutMs: number, ending: Promise<Ending>): Promise<Ending> {
  let timer: NodeJS.Timeout | undefined
  const stop = new Promise<Ending>((resolve) => {
    timer = setTimeout(() => resolve({ code: 'PIPEDRIVE_DOWN' }), timeoutMs)
  })
  try {
    return await Promise.race([ending, stop])
  } finally {
    clearTimeout(timer)
  }
}

async function check(client: PipedriveClient, input: VerifyInput, seen: { owner: TokenOwner | null }): Promise<Ending> {
  const identity = judgeIdentity(await client.getTokenOwner())
  if ('code' in identity) return identity
  const { owner, access, isActive } = identity
  seen.owner = owner

  if (!isActive) return { code: 'USER_INACTIVE' }
  const { companyDomain } = owner
  if (companyDomain === null) return { code: 'UNEXPECTED_ANSWER' }
  const isKnown = owner.companyId === input.knownCompanyId
  if (!isKnown && companyDomain !== input.companyDomain.toLowerCase()) return { code: 'COMPANY_MISMATCH' }

  const asksForAdmin = input.needs.accountAdmin
  if (asksForAdmin && access === null) return { code: 'UNEXPECTED_ANSWER' }
  if (input.depth === 'identity') {
    const surplus = surplusOf(input.needs, owner, { access, permissions: null })
    return { code: asksForAdmin && !owner.accountAdmin ? 'NOT_ADMIN' : 'OK', surplus }
  }

  const answers = await askCompany(client, input.needs, { companyDomain, userId: owner.userId })
  return judgeCompany(input.needs, identity, answers)
}

export type CompanyAnswers = { permissions: CallOutcome; reads: readonly [ReadEntity, CallOutcome][] }

/** Permissions and one row of each list, all at once, at the host that the integration will use. */
async function askCompany(
  client: PipedriveClient,
  needs: Needs,
  { companyDomain, userId }: { companyDomain: string; userId: string },
): Promise<CompanyAnswers> {
  const entities = [...new Set(readsFor(needs))]
  const [permissions, ...reads] = await Promise.all([
    client.getPermissions({ companyDomain, userId }),
    ...entities.map(async (entity): Promise<[ReadEntity, CallOutcome]> => {
      return [entity, await client.readOne(entity, { companyDomain, startDate: needs.startDate })]
    }),
  ])
  return { permissions, reads }
}

/** The verdict about a token whose owner is known and right, from what its company let it see. */
export function judgeCompany(needs: Needs, { owner, access }: Identity, answers: CompanyAnswers): Ending {
  const permissions = judgePermissions(answers.permissions)
  const reads = answers.reads.map(([entity, outcome]) => [entity, judgeRead(outcome)] as const)

  // Without a row that hangs on it, the permission list only feeds a notice, and losing it must not hold anybody up.
  const matters = needsPermissions(needs) || ('code' in permissions && permissions.code === 'ACCOUNT_NOT_OPEN')
  const failures = [...(matters ? [permissions] : []), ...reads.map(([, read]) => read)].filter(isFailure)
  const failure = worstOf(failures)
  if (failure) return failure

  const findings: Findings = {
    access,
    permissions: isFailure(permissions) ? null : permissions.list,
    reads: new Map(reads.flatMap(([entity, read]) => (isFailure(read) ? [] : [[entity, read.finding]]))),
  }
  const report = reportOf(needs, findings)
  const surplus = surplusOf(needs, owner, findings)
  const feature = featureOffOf(findings)
  return { code: codeOf(needs, owner, findings, report), report, surplus, feature }
}

function codeOf(needs: Needs, owner: TokenOwner, findings: Findings, report: Verdict['report']): CheckCode {
  const hasNoSalesSeat = findings.access !== null && !findings.access.some(({ app }) => app === 'sales')
  if (featureOffOf(findings) !== null) return 'FEATURE_OFF'
  if (hasNoSalesSeat && findings.reads.get('deals') === 'refused') return 'NO_DEALS_ACCESS'
  if (needs.accountAdmin && !owner.accountAdmin) return 'NOT_ADMIN'
  return report.some(({ result }) => result === 'no') ? 'LIMITED_ACCESS' : 'OK'
}

function featureOffOf({ reads }: Findings): Capability | null {
  const entity = [...reads].find(([, finding]) => finding === 'feature_off')?.[0]
  return entity === undefined ? null : `read_${entity}`
}

function isFailure<T extends object>(judged: T | Failure): judged is Failure {
  return 'code' in judged
}

/** When several calls failed: what the customer can mend first, then the longest wait. */
const WORST_FIRST: readonly CheckCode[] = [
  'ACCOUNT_NOT_OPEN',
  'DAILY_LIMIT',
  'RATE_LIMITED',
  'PIPEDRIVE_MAINTENANCE',
  'PIPEDRIVE_DOWN',
  'CANNOT_REACH',
  'UNEXPECTED_ANSWER',
]

function worstOf(failures: readonly Failure[]): Failure | null {
  const code = WORST_FIRST.find((candidate) => failures.some((failure) => failure.code === candidate))
  if (code === undefined) return null
  const waits = failures.flatMap((failure) => (failure.code === code ? (failure.retryAfterSeconds ?? []) : []))
  return { code, retryAfterSeconds: waits.length > 0 ? Math.max(...waits) : null }
}

/** Who the token belongs to, or how asking ended. Nothing but a well-formed 200 ever says that a token works. */
export function judgeIdentity(outcome: CallOutcome): Identity | Failure {
  const failure = failureOf(outcome)
  if (failure) return failure
  const { status, body } = outcome as CallOutcome & { kind: 'answer' }
  if (status === 401) return failed('TOKEN_REJECTED')
  if (status === 403 && body.type === 'json') return failed('API_OFF_FOR_USER')
  if (status !== 200 || body.type !== 'json') return failed('UNEXPECTED_ANSWER')

  const parsed = tokenOwnerAnswer.safeParse(body.value)
  if (!parsed.success) return failed('UNEXPECTED_ANSWER')
  const { data } = parsed.data
  return {
    owner: {
      userId: data.id,
      userName: data.name,
      userEmail: data.email,
      companyId: data.company_id,
      companyName: data.company_name,
      companyDomain: data.company_domain,
      accountAdmin: isAdminOf(data.access, 'account_settings'),
    },
    access: data.access,
    isActive: !isFalse(data.active_flag) && !isTrue(data.is_deleted),
  }
}

export function judgePermissions(outcome: CallOutcome): { list: Permissions } | Failure {
  const failure = failureOf(outcome)
  if (failure) return failure
  const { status, body } = outcome as CallOutcome & { kind: 'answer' }
  // Nobody says whether a user who is no admin may read their own permissions: "not known" is no "no".
  if (status === 404 || (status === 403 && body.type === 'json')) return { list: null }
  if (status !== 200 || body.type !== 'json') return failed('UNEXPECTED_ANSWER')

  const parsed = permissionsAnswer.safeParse(body.value)
  if (!parsed.success) return failed('UNEXPECTED_ANSWER')
  const entries = Object.entries(parsed.data.data).slice(0, PERMISSIONS_MAX)
  const named = (value: (flag: unknown) => boolean) =>
    new Set(entries.filter(([, flag]) => value(flag)).map(([name]) => name.slice(0, TEXT_CHARACTERS_MAX)))
  return { list: { granted: named(isTrue), denied: named(isFalse) } }
}

export function judgeRead(outcome: CallOutcome): { finding: ReadFinding } | Failure {
  const failure = failureOf(outcome)
  if (failure) return failure
  const { status, body } = outcome as CallOutcome & { kind: 'answer' }
  if (status === 415) return { finding: 'feature_off' }
  if (body.type !== 'json') return failed('UNEXPECTED_ANSWER')
  if (status === 403) return { finding: namesFeature(body.value) ? 'feature_off' : 'refused' }
  // A 401 here would contradict the identity that was proved a moment ago.
  if (status !== 200) return failed('UNEXPECTED_ANSWER')
  const parsed = listAnswer.safeParse(body.value)
  if (!parsed.success) return failed('UNEXPECTED_ANSWER')
  const { data, additional_data } = parsed.data
  if ((data ?? []).length === 0) return { finding: 'none' }
  return { finding: (data ?? []).length > 1 || hasMore(additional_data) ? 'more' : 'some' }
}

function hasMore(more: unknown): boolean {
  const parsed = cursorAnswer.safeParse(more)
  return parsed.success && parsed.data.next_cursor !== ''
}

function namesFeature(value: unknown): boolean {
  const parsed = errorAnswer.safeParse(value)
  return parsed.success && parsed.data.code.startsWith('feature_')
}

/** The endings that mean the same on every call; null leaves the judgement to the call. */
function failureOf(outcome: CallOutcome): Failure | null {
  switch (outcome.kind) {
    case 'timeout':
    case 'cut':
      return failed('PIPEDRIVE_DOWN')
    case 'breaker_open':
      return failed('PIPEDRIVE_DOWN', BREAKER_REST_SECONDS)
    case 'network':
    case 'refused_address':
      return failed('CANNOT_REACH')
    case 'redirect':
    case 'too_large':
      return failed('UNEXPECTED_ANSWER')
    case 'answer':
      return failureOfAnswer(outcome)
  }
}

function failureOfAnswer({ status, headers, body }: CallOutcome & { kind: 'answer' }): Failure | null {
  if (status === 429) return limitOf(headers)
  // Pipedrive's own refusals are JSON; a page comes from the wall in front of it, for calling on after a 429.
  if (status === 403 && body.type === 'html') return failed('RATE_LIMITED', retryAfterOf(headers))
  if (status === 503) return failed('PIPEDRIVE_MAINTENANCE', retryAfterOf(headers))
  if (status >= 500) return failed('PIPEDRIVE_DOWN', retryAfterOf(headers))
  // Whatever its status, a page was written by something else than Pipedrive's API.
  if (body.type === 'html') return failed('UNEXPECTED_ANSWER')
  if (status === 402) return failed('ACCOUNT_NOT_OPEN')
  return null
}

function limitOf(headers: Readonly<Record<string, string>>): Failure {
  const left = headers['x-daily-ratelimit-token-remaining'] ?? headers['x-daily-requests-left']
  const isDaily = left !== undefined && /^\s*(0|-\d+)\s*$/.test(left)
  // The reset header belongs to the short window, so it says nothing about the end of the day.
  if (isDaily) return failed('DAILY_LIMIT', retryAfterOf(headers))
  return failed('RATE_LIMITED', retryAfterOf(headers) ?? secondsOf(headers['x-ratelimit-reset']))
}

function failed(code: CheckCode, retryAfterSeconds: number | null = null): Failure {
  return { code, retryAfterSeconds }
}

function isTrue(flag: unknown): boolean {
  return flag === true || flag === 1
}

function isFalse(flag: unknown): boolean {
  return flag === false || flag === 0
}

/** Ids are numbers today; their text form is what we keep. */
const idSchema = z
  .union([z.number().int().positive().max(Number.MAX_SAFE_INTEGER), z.string().regex(/^[1-9]\d{0,19}$/)])
  .transform(String)

/** Free text of strangers: one line of bounded length, without characters that hide or turn what stands beside them. */
const textSchema = z
  .string()
  .transform((text) => plain(text) || null)
  .nullish()
  .transform((value) => value ?? null)
  .catch(null)

function plain(text: string): string {
  const line = text
    .slice(0, TEXT_CHARACTERS_MAX * 4)
    .toWellFormed()
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu, '')
    .trim()
  return [...line].slice(0, TEXT_CHARACTERS_MAX).join('')
}

const labelSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(isCompanyLabel)
  .nullish()
  .transform((value) => value ?? null)
  .catch(null)

const accessSchema = z
  .array(
    z
      .object({ app: z.string().max(TEXT_CHARACTERS_MAX), admin: z.unknown().optional() })
      .nullable()
      .catch(null),
  )
  .transform((entries) =>
    entries
      .slice(0, ACCESS_ENTRIES_MAX)
      .flatMap((entry) => (entry ? [{ app: entry.app, admin: isTrue(entry.admin) }] : [])),
  )
  .nullish()
  .transform((value) => value ?? null)
  .catch(null)

const tokenOwnerAnswer = z.object({
  success: z.literal(true),
  data: z.object({
    id: idSchema,
    company_id: idSchema,
    name: textSchema,
    email: textSchema,
    company_name: textSchema,
    company_domain: labelSchema,
    access: accessSchema,
    active_flag: z.unknown().optional(),
    is_deleted: z.unknown().optional(),
  }),
})

const permissionsAnswer = z.object({ success: z.literal(true), data: z.record(z.string(), z.unknown()) })
const listAnswer = z.object({
  success: z.literal(true),
  data: z.array(z.unknown()).nullish(),
  additional_data: z.unknown().optional(),
})
const cursorAnswer = z.object({ next_cursor: z.string() })
const errorAnswer = z.object({ code: z.string() })
