import 'server-only'
import * as z from 'zod'
import type { Actor } from '#lib/actor.ts'
import { CONNECTIONS_PER_REQUEST_MAX } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { listProfiles } from '#lib/data/profiles.ts'
import { findFirstAdmin, findStaffByEmail } from '#lib/data/staff.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { fieldsOf, providerIds } from '#lib/providers/fields.ts'
import type { StartDateFault } from '#lib/providers/provider-fields.ts'
import type { Profile } from './profiles.ts'

export const LINK_DAYS_MAX = 60
export const NOTE_MAX = 1000

/** What can be wrong with one value, as people are told it: `messages/requests.<language>.json` under `problem`. */
export const problems = [
  'missing',
  'too_long',
  'email',
  'domain',
  'start_date',
  'profile',
  'profile_disabled',
  'language',
  'days',
  'owner',
  'unknown',
] as const
export type Problem = (typeof problems)[number]

const line = (max: number) =>
  z
    .string()
    .transform((typed) =>
      typed
        .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .pipe(z.string().min(1).max(max))
    .meta({ minLength: 1, maxLength: max })

const emailSchema = z
  .string()
  .transform((typed, check) => {
    const address = parseEmailAddress(typed)
    if (address) return address
    const problem: Problem = typed.trim() === '' ? 'missing' : 'email'
    check.issues.push({
      code: 'custom',
      message: 'not a mail address we can write to',
      input: typed,
      params: { problem },
    })
    return z.NEVER
  })
  .meta({ format: 'email', maxLength: 254 })

/** For the CLI and the API; the console has its own sentence. */
const startDateFaults: Record<StartDateFault, string> = {
  missing: 'a start date is needed',
  unreadable: 'neither a day such as 2024-05-01 nor an instant such as 2024-05-01T10:20:00+02:00',
  future: 'the start date lies in the future',
  too_early: 'the start date lies before 2000-01-01',
}

const connectionSchema = z
  .object({
    provider: z.enum(providerIds),
    profile: z
      .string()
      .trim()
      .meta({ description: 'Key of a profile: `GET /api/v1/profiles` lists them.', examples: ['read-only-sync'] }),
    expectedDomain: z
      .string()
      .optional()
      .meta({
        description: 'The company it has to be. A token of another one is not taken.',
        examples: ['acme'],
      }),
    startDate: z
      .string()
      .optional()
      .meta({
        description:
          'Records changed since are wanted: a day, or an RFC 3339 instant, which is handed on exactly as given.',
        examples: ['2026-01-01T00:00:00Z'],
      }),
    externalId: z
      .string()
      .trim()
      .max(200)
      .optional()
      .meta({ description: 'Your own id of this connection, to find it again.' }),
    name: line(80).optional(),
  })
  .transform((typed, check) => {
    const { name, cleanDomain, cleanStartDate } = fieldsOf(typed.provider)
    const domain = typed.expectedDomain?.trim() ? cleanDomain(typed.expectedDomain) : null
    const start = cleanStartDate(typed.startDate ?? '', { today: new Date(), required: false })
    const refuse = (path: string, problem: Problem, message: string) =>
      check.issues.push({ code: 'custom', path: [path], message, input: typed, params: { problem } })
    if (domain?.error) refuse('expectedDomain', 'domain', `not a company address of ${name}`)
    if (start.why) refuse('startDate', 'start_date', startDateFaults[start.why])
    return { ...typed, expectedDomain: domain?.value || null, startDate: start.value }
  })

/** What a manager, the CLI or the API asks for. The same shape everywhere. */
export const requestSchema = z.object({
  customer: line(120),
  contact: z.object({ name: line(120), email: emailSchema }),
  owner: emailSchema.optional().meta({ description: 'Address of the account manager; an admin when left out.' }),
  language: z.enum(['en', 'de']).default('en').meta({ description: 'Of the customer’s page and letters.' }),
  project: line(80).optional().meta({ description: 'What the customer knows the work as.' }),
  note: z.string().trim().max(NOTE_MAX).optional().meta({ description: 'Plain text that the customer reads.' }),
  expiresInDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(LINK_DAYS_MAX)
    .optional()
    .meta({ description: 'How long the link works; the team’s usual time when left out.' }),
  deliver: z.enum(['mail', 'link']).default('mail').meta({
    description: '`mail`: we write to the contact. `link`: the link is in the answer, this once, and you hand it over.',
  }),
  connections: z.array(connectionSchema).min(1).max(CONNECTIONS_PER_REQUEST_MAX),
})
export type RequestInput = z.input<typeof requestSchema>
type ParsedRequest = z.output<typeof requestSchema>

/** A request that may be made: every word is clean, every profile is one of the team's. */
export type WantedRequest = Omit<ParsedRequest, 'connections' | 'owner'> & {
  ownerId: string | null
  connections: (Omit<ParsedRequest['connections'][number], 'profile'> & { profile: Profile })[]
}

/** Checks all of a request before anything is stored. Throws ZodError that names every fault. */
export async function checkRequest(actor: Actor, input: RequestInput): Promise<WantedRequest> {
  const { owner, ...wanted } = parseRequest(input, await profilesFor(actor))
  return { ...wanted, ownerId: await ownerIdOf(actor, owner) }
}

/** A machine may be limited to some of them; the others do not exist for it. */
async function profilesFor(actor: Actor): Promise<Profile[]> {
  const all = await listProfiles(db(), actor)
  const allowed = actor.kind === 'integration' ? actor.profiles : null
  return allowed ? all.filter(({ key }) => allowed.includes(key)) : all
}

/** The part of the check that reads nothing, for many requests at once. */
export function parseRequest(
  input: RequestInput,
  profiles: readonly Profile[],
): Omit<WantedRequest, 'ownerId'> & Pick<ParsedRequest, 'owner'> {
  const parsed = requestSchema.safeParse(input)
  const issues = [...(parsed.error?.issues ?? []), ...profileIssues(input, profiles)]
  if (!parsed.success || issues.length > 0) throw new z.ZodError(issues)
  const known = new Map(profiles.map((profile) => [profile.key, profile]))
  const connections = parsed.data.connections.flatMap((connection) => {
    const profile = known.get(connection.profile)
    return profile ? [{ ...connection, profile }] : []
  })
  return { ...parsed.data, connections }
}

function profileIssues({ connections }: RequestInput, profiles: readonly Profile[]): z.core.$ZodIssue[] {
  const offered = profiles.filter(({ disabledAt }) => !disabledAt).map(({ key }) => key)
  return (connections ?? []).flatMap(({ profile: typed }, index): z.core.$ZodIssue[] => {
    const key = String(typed ?? '').trim()
    if (offered.includes(key)) return []
    const isKnown = profiles.some((profile) => profile.key === key)
    const problem: Problem = key === '' ? 'missing' : isKnown ? 'profile_disabled' : 'profile'
    const fault = isKnown ? 'is not offered any more' : 'does not exist'
    const message = `the profile "${key}" ${fault}; there are: ${offered.join(', ')}`
    return [{ code: 'custom', path: ['connections', index, 'profile'], message, input: typed, params: { problem } }]
  })
}

async function ownerIdOf(actor: Actor, email: string | undefined): Promise<string | null> {
  if (!email) return actor.kind === 'staff' ? actor.staffId : ((await findFirstAdmin(db(), actor.teamId))?.id ?? null)
  const owner = await findStaffByEmail(db(), actor.teamId, email)
  if (owner) return owner.id
  const message = 'no member of the team has this address'
  throw new z.ZodError([{ code: 'custom', path: ['owner'], message, input: email, params: { problem: 'owner' } }])
}

/** Which value is wrong and how: `contact.email` is `missing`. One fault for each value, the first. */
export function problemsOf(error: z.ZodError): Map<string, Problem> {
  const found = new Map<string, Problem>()
  for (const issue of error.issues) {
    const path = issue.path.join('.')
    if (!found.has(path)) found.set(path, problemOf(issue, path))
  }
  return found
}

function problemOf(issue: z.core.$ZodIssue, path: string): Problem {
  if (issue.code === 'custom') return (issue.params?.problem as Problem | undefined) ?? 'unknown'
  if (path === 'expiresInDays') return 'days'
  if (path === 'language') return 'language'
  if (issue.code === 'too_big') return 'too_long'
  if (issue.code === 'too_small' || issue.code === 'invalid_type') return 'missing'
  return 'unknown'
}
