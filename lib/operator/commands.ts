import 'server-only'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import type { Operator } from '#lib/actor.ts'
import { setMember } from '#lib/auth/members.ts'
import { issueSignInLink } from '#lib/auth/sign-in-links.ts'
import {
  createIntegration,
  endReplacedKey,
  OVERLAP_HOURS_MAX,
  OVERLAP_HOURS_NORMAL,
  revokeIntegration,
  rotateKey,
} from '#lib/connection/integrations.ts'
import { endLinkAt, reissueLink, revokeLink } from '#lib/connection/links.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { LINK_DAYS_MAX, type RequestInput } from '#lib/connection/request-schema.ts'
import { sealAuditChain } from '#lib/data/audit-chain.ts'
import { hastenCheck } from '#lib/data/connection-checks.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { listIntegrations } from '#lib/data/integrations.ts'
import { migrate } from '#lib/data/migrate.ts'
import { findRequest, insertTeam } from '#lib/data/requests.ts'
import { findStaffByEmail } from '#lib/data/staff.ts'
import { verifyWithCheckpoints } from '#lib/jobs/audit-checkpoints.ts'
import { log } from '#lib/log.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import type { Scope } from '#lib/scopes.ts'
import { scopes } from '#lib/scopes.ts'
import { Secret } from '#lib/secret.ts'
import { backupCommands } from './backup-commands.ts'
import type { Asked, Call, CommandOutcome, OperatorCommand, Options } from './command.ts'
import { CommandFailure, flag, named, operator, optional, required, text, UsageFailure } from './command.ts'
import { examineAll } from './doctor.ts'
import { freezeCommands } from './freeze-commands.ts'
import { importCommands } from './import-command.ts'
import { jobCommands } from './job-commands.ts'
import { keyCommands } from './key-commands.ts'
import { retentionCommands } from './retention-commands.ts'
import { webhookCommands } from './webhook-commands.ts'

const DAY_MS = 86_400_000

const commands: Record<string, OperatorCommand> = {
  doctor: {
    usage: 'doctor',
    does: 'examines settings, database, keys, outbox, clock, providers, mail, workers, checks and audit log, and says what to mend',
    options: {},
    run: async () => {
      const checks = await examineAll()
      const ok = checks.every((check) => check.ok)
      if (!ok)
        throw new CommandFailure(
          'NOT_HEALTHY',
          checks
            .filter((check) => !check.ok)
            .map((check) => check.detail)
            .join(' '),
          { checks },
        )
      return { ok, checks }
    },
  },
  migrate: {
    usage: 'migrate',
    does: 'brings the database to the newest tables',
    options: {},
    run: async () => {
      return { applied: await migrate() }
    },
  },
  'team create': {
    usage: 'team create --name <name> [--support-email <address>]',
    does: 'adds a team',
    options: { name: text, 'support-email': text },
    run: async ({ values }) =>
      insertTeam(db(), { name: required(values, 'name'), supportEmail: optional(values, 'support-email') ?? null }),
  },
  'member add': {
    usage: 'member add <email> --name <name> [--role admin|account_manager|support]',
    does: 'adds a member of the team, or changes name and role of the one with this address',
    options: { name: text, role: text },
    run: async ({ values, rest }) => {
      const email = parseEmailAddress(named(rest, 'an e-mail address'))
      if (!email) throw new UsageFailure('this is not a mail address')
      const role = z.enum(['admin', 'account_manager', 'support']).parse(values.role ?? 'account_manager')
      return { id: await setMember(await operator(), { email, name: required(values, 'name'), role }), role }
    },
  },
  'sign-in-link': {
    usage: 'sign-in-link <email>',
    does: 'makes a link that signs a member of the team in, once, within 24 hours',
    options: {},
    run: async ({ rest }) => {
      const email = named(rest, 'the e-mail address of a member')
      const actor = await operator()
      const member = await findStaffByEmail(db(), actor.teamId, email)
      if (!member) throw new CommandFailure('NOT_FOUND', `no member with the address ${email} may sign in`, {})
      return inTransaction((trx) => issueSignInLink(trx, actor, { id: member.id, teamId: actor.teamId }))
    },
  },
  'request create': {
    usage:
      'request create --customer <name> --email <address> [--provider pipedrive] [--profile read-only-sync] [--contact-name <name>] [--expected-domain <company>] [--language en|de] [--start-date <instant>] [--name <connection>] [--external-id <id>] [--expires-in-days <1-60>] [--no-mail]',
    does: 'asks a customer for a credential: answers the secure link and mails it',
    options: {
      customer: text,
      email: text,
      provider: text,
      profile: text,
      'contact-name': text,
      'expected-domain': text,
      language: text,
      'start-date': text,
      name: text,
      'external-id': text,
      'expires-in-days': text,
      project: text,
      owner: text,
      'no-mail': flag,
    },
    run: async ({ values }) => requestConnections(await operator(), requestOf(values)),
  },
  'request link': {
    usage: 'request link <id or reference> [--expires-in-days <1-60>] [--no-mail]',
    does: 'makes a new secure link; every earlier one of the request ends',
    options: { 'expires-in-days': text, 'no-mail': flag },
    run: async ({ values, rest }) => {
      const actor = await operator()
      const expiresInDays = z.coerce.number().int().min(1).max(60).optional().parse(values['expires-in-days'])
      return reissueLink(actor, {
        requestId: await requestIdOf(actor, rest),
        deliver: values['no-mail'] ? 'link' : 'mail',
        expiresInDays,
      })
    },
  },
  'request end-link': {
    usage: 'request end-link <id or reference> --at <instant>',
    does: 'moves the end of the secure link of a request, at most 60 days ahead',
    options: { at: text },
    run: async ({ values, rest }) => {
      const actor = await operator()
      const expiresAt = new Date(z.iso.datetime({ offset: true }).parse(required(values, 'at')))
      if (expiresAt.getTime() > Date.now() + LINK_DAYS_MAX * DAY_MS)
        throw new UsageFailure(`a link lives at most ${LINK_DAYS_MAX} days`)
      await endLinkAt(actor, { requestId: await requestIdOf(actor, rest), expiresAt })
      return { expiresAt: expiresAt.toISOString() }
    },
  },
  'request revoke': {
    usage: 'request revoke <id or reference> --reason <text>',
    does: 'ends the secure link of a request',
    options: { reason: text },
    run: async ({ values, rest }) => {
      const actor = await operator()
      return revokeLink(actor, { requestId: await requestIdOf(actor, rest), reason: required(values, 'reason') })
    },
  },
  check: {
    usage: 'check <connection id>',
    does: 'has Pipedrive asked about a sealed token now instead of at its time',
    options: {},
    run: async ({ rest }) => {
      const actor = await operator()
      const connectionId = named(rest, 'the id of a connection')
      const isWaiting = await inTransaction((trx) => hastenCheck(trx, actor, connectionId))
      if (!isWaiting) throw new CommandFailure('NOT_FOUND', `nothing waits to be checked at ${connectionId}`, {})
      return { id: connectionId }
    },
  },
  'api-key create': {
    usage: `api-key create --scopes <${scopes.join(',')}> [--name <name>] [--profiles <key,key>] [--connections <id,id>] [--addresses <address or range, …>] [--expires-in-days <1-730>] [--public-key <JWK>]`,
    does: 'makes an integration of the team and its key for the API, which is shown this once',
    options: {
      name: text,
      scopes: text,
      profiles: text,
      connections: text,
      addresses: text,
      'expires-in-days': text,
      'public-key': text,
    },
    run: async ({ values }) => {
      const made = await createIntegration(await operator(), {
        name: optional(values, 'name') ?? 'Integration',
        scopes: listOf(required(values, 'scopes')) as Scope[],
        profiles: listOf(optional(values, 'profiles')),
        connections: listOf(optional(values, 'connections')),
        addresses: listOf(optional(values, 'addresses')),
        expiresInDays: optional(values, 'expires-in-days'),
        publicKey: optional(values, 'public-key'),
      })
      if (made.kind === 'too_many') throw new CommandFailure('TOO_MANY', 'revoke keys that are not needed first', {})
      return { id: made.id, key: made.key }
    },
  },
  'api-key list': {
    usage: 'api-key list',
    does: 'lists the integrations of the team, what each may do, and when it was last seen',
    options: {},
    run: async () => {
      const found = await listIntegrations(db(), await operator())
      return { integrations: found.map(({ earlierKeyUsedAt: _, ...integration }) => integration) }
    },
  },
  'api-key rotate': {
    usage: `api-key rotate <id> [--overlap-hours <0-${OVERLAP_HOURS_MAX}>]`,
    does: `makes a new key; the one before works for ${OVERLAP_HOURS_NORMAL} hours more, or as long as you say`,
    options: { 'overlap-hours': text },
    run: async ({ values, rest }) => {
      const integrationId = named(rest, 'the id of an integration')
      const hours = z.coerce.number().int().min(0).max(OVERLAP_HOURS_MAX).default(OVERLAP_HOURS_NORMAL)
      const rotated = await rotateKey(await operator(), {
        integrationId,
        overlapHours: hours.parse(optional(values, 'overlap-hours')),
      })
      if (rotated.kind === 'rotated') return { id: integrationId, key: rotated.key }
      throw keyFailure(rotated.kind, integrationId)
    },
  },
  'api-key end-earlier': {
    usage: 'api-key end-earlier <id>',
    does: 'ends the key that was replaced before its overlap is over',
    options: {},
    run: async ({ rest }) => {
      const integrationId = named(rest, 'the id of an integration')
      return { id: integrationId, ended: (await endReplacedKey(await operator(), integrationId)) === 'done' }
    },
  },
  'api-key revoke': {
    usage: 'api-key revoke <id>',
    does: 'ends all keys of an integration, from its next call on',
    options: {},
    run: async ({ rest }) => {
      const integrationId = named(rest, 'the id of an integration')
      const outcome = await revokeIntegration(await operator(), integrationId)
      if (outcome === 'done') return { id: integrationId, revoked: true }
      throw keyFailure(outcome, integrationId)
    },
  },
  'audit verify': {
    usage: 'audit verify',
    does: 'walks the audit chain and names the first row that does not fit; compares it with the heads that were noted outside the database',
    options: {},
    run: async () => {
      // A portal that was stopped within the last seconds left rows that are not linked yet.
      await sealAuditChain()
      const verdict = await verifyWithCheckpoints((await operator()).teamId)
      if (!verdict.ok) throw new CommandFailure('AUDIT_CHAIN_BROKEN', auditFault(verdict.firstBad), verdict)
      return verdict
    },
  },
  ...jobCommands,
  ...backupCommands,
  ...keyCommands,
  ...importCommands,
  ...retentionCommands,
  ...freezeCommands,
  ...webhookCommands,
}

function auditFault({ seq, problem }: { seq: number; problem: string }): string {
  switch (problem) {
    case 'cut':
      return `the log was cut off: rows from ${seq} on were there when its head was noted last`
    case 'rewritten':
      return `row ${seq} is not the one whose head was noted: the log was written anew`
    default:
      return `row ${seq} was ${problem}`
  }
}

/** Runs one command line, without the program's name. Never throws: everything is an outcome. */
export async function runCommand({ argv, folder, input }: Call): Promise<CommandOutcome> {
  try {
    const { command, args } = findCommand(argv)
    const { values, positionals } = parse(args, command.options)
    const asked = { values, rest: positionals, folder, input: input === null ? null : new Secret(input) }
    return { exitCode: 0, output: await command.run(asked) }
  } catch (error) {
    return outcomeOf(error)
  }
}

/** What has to be known of a command before it runs. */
export function natureOf(argv: readonly string[]): { readsInput: boolean; alone: boolean } {
  try {
    const { readsInput = false, alone = false } = findCommand(argv).command
    return { readsInput, alone }
  } catch {
    return { readsInput: false, alone: false }
  }
}

/** What `npm run portal` alone prints. */
export function usage(): string {
  const lines = Object.values(commands).map(({ usage, does }) => `  ${usage}\n      ${does}`)
  return `npm run portal -- <command> [--json]\n\n${lines.join('\n')}\n`
}

function findCommand(argv: readonly string[]): { command: OperatorCommand; args: string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ')
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command) return { command, args: argv.slice(words) }
  }
  const asked = argv
    .filter((part) => !part.startsWith('-'))
    .slice(0, 2)
    .join(' ')
  throw new UsageFailure(`there is no command "${asked}"; there are: ${Object.keys(commands).join(', ')}`)
}

function parse(args: string[], options: Options) {
  try {
    return parseArgs({ args, options: { ...options, json: flag }, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageFailure((error as Error).message)
  }
}

function outcomeOf(error: unknown): CommandOutcome {
  if (error instanceof UsageFailure) return failure(2, 'USAGE', error.message)
  if (error instanceof z.ZodError)
    return failure(
      2,
      'USAGE',
      error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`).join('; '),
    )
  if (error instanceof CommandFailure) return failure(1, error.code, error.message, error.details)
  log.error('operator.command_failed', error)
  const code = error instanceof Error && error.name === 'ConfigurationError' ? 'CONFIGURATION' : 'FAILED'
  return failure(1, code, error instanceof Error ? error.message : 'the command failed')
}

function failure(exitCode: 1 | 2, code: string, message: string, details: object = {}): CommandOutcome {
  return { exitCode, output: { error: { code, message }, ...details } }
}

function requestOf(values: Asked['values']): RequestInput {
  const customer = required(values, 'customer')
  // The schema of the domain checks these words; here they are only what somebody typed.
  const connection = {
    provider: optional(values, 'provider') ?? usualProvider,
    profile: optional(values, 'profile') ?? 'read-only-sync',
    expectedDomain: optional(values, 'expected-domain'),
    startDate: optional(values, 'start-date'),
    externalId: optional(values, 'external-id'),
    name: optional(values, 'name'),
  } as RequestInput['connections'][number]
  return {
    customer,
    contact: { name: optional(values, 'contact-name') ?? customer, email: required(values, 'email') },
    owner: optional(values, 'owner'),
    language: optional(values, 'language') as RequestInput['language'],
    project: optional(values, 'project'),
    expiresInDays: optional(values, 'expires-in-days'),
    deliver: values['no-mail'] ? 'link' : 'mail',
    connections: [connection],
  }
}

async function requestIdOf({ teamId }: Operator, rest: string[]): Promise<string> {
  const request = named(rest, 'the id or reference of a request')
  const found = await findRequest(db(), { teamId, request })
  if (!found) throw new CommandFailure('NOT_FOUND', `there is no request ${request}`, {})
  return found.id
}

function keyFailure(outcome: 'unknown' | 'ended', integrationId: string): CommandFailure {
  return outcome === 'unknown'
    ? new CommandFailure('NOT_FOUND', `there is no integration ${integrationId}`, {})
    : new CommandFailure('ENDED', `the integration ${integrationId} was revoked or has expired`, {})
}

function listOf(typed: string): string[]
function listOf(typed: string | undefined): string[] | null
function listOf(typed: string | undefined): string[] | null {
  if (typed === undefined) return null
  return typed
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}
