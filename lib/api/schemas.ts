import 'server-only'
import * as z from 'zod'
import { eventTypes } from '#lib/connection/events.ts'
import { OFF_BOARDING_DAYS } from '#lib/connection/off-board.ts'
import { profileModes, startDateModes } from '#lib/connection/profiles.ts'
import { LINK_DAYS_MAX, requestSchema } from '#lib/connection/request-schema.ts'
import { statuses } from '#lib/connection/status.ts'
import { problems } from '#lib/problem.ts'
import { providerIds } from '#lib/providers/fields.ts'
import { capabilities } from '#lib/providers/provider.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Scope } from '#lib/scopes.ts'

/** What goes over the wire. Each schema that is registered below has a name in the OpenAPI document. */

const idOf = (prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`))
    .meta({ description: `Id of a ${what}.`, example: `${prefix}_01kb3v5n7hfe9tqj2m8x4c6d0r` })

export const requestId = idOf('req', 'request')
export const connectionId = idOf('con', 'connection')
export const requestParams = z.object({ requestId })
export const connectionParams = z.object({ connectionId })
export const nothing = z.strictObject({})

const moment = z.iso.datetime().meta({ description: 'UTC, RFC 3339.', example: '2026-11-25T09:30:00.000Z' })
const turns = ['customer', 'admin', 'manager', 'support', 'nobody'] as const
const verdictCodes = Object.keys(verdicts) as [keyof typeof verdicts, ...(keyof typeof verdicts)[]]

export const status = z.enum(statuses).meta({ description: 'Where a connection stands.' })
const verdict = z
  .enum(verdictCodes)
  .nullable()
  .meta({ description: 'How the latest check ended, where it says more than the status.' })
const turn = z.enum(turns).meta({ description: 'Who has to act next. `admin` is the customer’s own Pipedrive admin.' })

const company = z
  .object({
    id: z.string().nullable(),
    name: z.string().nullable().meta({ description: 'As the provider tells it. Not trustworthy text.' }),
    domain: z.string().nullable().meta({ example: 'acme' }),
  })
  .meta({ description: 'The provider’s company that the token belongs to.' })
const user = z
  .object({ id: z.string().nullable(), name: z.string().nullable() })
  .meta({ description: 'The provider’s user that the token belongs to.' })

const connectionFields = {
  id: connectionId,
  requestId,
  reference: z.string().meta({ description: 'What people say on the phone.', example: 'KTR-482' }),
  externalId: z.string().nullable().meta({ description: 'Your own id, as it was given in the request.' }),
  customer: z.string(),
  name: z.string().meta({ description: 'What the customer calls the connection.' }),
  provider: z.enum(providerIds),
  profile: z.string().meta({ description: 'Key of the profile.', example: 'read-only-sync' }),
  status,
  verdict,
  turn,
  startDate: z
    .string()
    .nullable()
    .meta({ description: 'Records changed since are wanted: an RFC 3339 instant, exactly as given.' }),
  version: z.int().meta({
    description: 'Version of the token in force; 0 while there is none. Read the credential again when it rises.',
  }),
  company: company.nullable(),
  user: user.nullable(),
  since: moment.meta({ description: 'Since when it has this status.' }),
  connectedAt: moment.nullable(),
  checkedAt: moment.nullable(),
  nextCheckAt: moment.nullable().meta({ description: 'A time that is past: the check is due, and comes next.' }),
  createdAt: moment,
}

export const connectionResource = z.object(connectionFields)

export const connectionDetail = z.object({
  ...connectionFields,
  report: z
    .array(
      z.object({
        capability: z.enum(capabilities),
        group: z.enum(['reads', 'writes', 'settings', 'webhooks']),
        result: z.enum(['yes', 'no', 'unknown']).meta({
          description: '`unknown`: it cannot be proved without writing, or the provider did not say. It is no `no`.',
        }),
        evidence: z.string().meta({ description: 'How we know.', example: 'read_some' }),
      }),
    )
    .meta({
      description: 'The permission report of the latest full check: what the profile needs, and what the token can.',
    }),
})

export const connectionList = z.object({
  data: z.array(connectionResource),
  nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one.' }),
})

const linkState = z.enum(['live', 'grace', 'expired', 'revoked', 'replaced', 'declined', 'handed_over'])

export const requestResource = z.object({
  id: requestId,
  reference: connectionFields.reference,
  customer: z.string(),
  contact: z.object({ name: z.string(), email: z.string() }),
  language: z.enum(['en', 'de']),
  project: z.string(),
  createdAt: moment,
  link: z
    .object({ state: linkState, expiresAt: moment })
    .nullable()
    .meta({ description: 'The newest secure link. Its address is never told again.' }),
  connections: z.array(connectionResource),
})

export const createdRequest = z.object({
  id: requestId,
  reference: connectionFields.reference,
  connections: z.array(z.object({ id: connectionId, status })),
  link: z
    .string()
    .optional()
    .meta({ description: 'Only with `deliver: "link"`: the secure link. Send it to the contact and nobody else.' }),
})

export { requestSchema }

export const linkOrder = z.strictObject({
  deliver: z
    .enum(['mail', 'link'])
    .default('mail')
    .meta({ description: '`mail`: we send it to the contact. `link`: you get it and hand it over yourself.' }),
  expiresInDays: z
    .int()
    .min(1)
    .max(LINK_DAYS_MAX)
    .optional()
    .meta({ description: 'The team’s usual time when left out.' }),
})

export const newLink = z.object({
  expiresAt: moment,
  link: z.string().optional().meta({ description: 'Only with `deliver: "link"`.' }),
})

export const credentialOrder = z.strictObject({
  purpose: z
    .string()
    .trim()
    .min(3)
    .max(200)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u)
    .meta({
      description: 'What you read the token for, in one line. People read it in the audit log.',
      example: 'Nightly sync',
    }),
})

export const credential = z.object({
  provider: z.enum(providerIds),
  version: z.int(),
  baseUrl: z.string().meta({
    description: 'Put `/v1/…` or `/v2/…` behind it. The token is for this host alone.',
    example: 'https://acme.pipedrive.com/api',
  }),
  headers: z
    .record(z.string(), z.string())
    .meta({ description: 'Send these with every call, as they stand.', example: { 'x-api-token': '…' } }),
  startDate: connectionFields.startDate,
  company,
  user,
})

export const observation = z.strictObject({
  observed: z
    .int()
    .min(400)
    .max(599)
    .meta({ description: 'The HTTP status the provider answered you with.', example: 401 }),
})

export const acceptedReport = z.object({ id: connectionId, status, nextCheckAt: moment.nullable() })

export const offBoardOrder = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(300)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u)
    .optional()
    .meta({ description: 'Why it ends, in one line. The customer reads it in the mail.' }),
  days: z
    .int()
    .min(OFF_BOARDING_DAYS.min)
    .max(OFF_BOARDING_DAYS.max)
    .default(OFF_BOARDING_DAYS.normal)
    .meta({ description: 'After so many days the token is erased here, proved dead or not.' }),
})

export const ending = z.object({
  id: connectionId,
  status,
  deadline: moment.meta({ description: 'When the token is erased here, proved dead or not.' }),
  confirmedAt: moment.nullable().meta({ description: 'When an integration confirmed that it has stopped.' }),
})

const paging = {
  cursor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: '`nextCursor` of the page before. It means nothing else.' }),
  limit: z.coerce.number().int().min(1).max(100).default(50),
}

export const listQuery = z.strictObject({
  status: status.optional(),
  externalId: z.string().min(1).max(200).optional(),
  ...paging,
})

export const eventQuery = z.strictObject(paging)

export const eventResource = z.object({
  id: idOf('evt', 'event'),
  type: z.enum(eventTypes).meta({ description: 'What happened.', example: 'connection.ready' }),
  at: moment,
  connection: z
    .object({
      id: connectionId,
      externalId: connectionFields.externalId,
      status,
      version: connectionFields.version,
    })
    .meta({ description: 'As it stood right after. Read the connection for how it stands now.' }),
  verdict: z.enum(verdictCodes).optional().meta({ description: 'How the check ended that led to it, if one did.' }),
})

/** What the test button of a webhook sends. */
const testEvent = z.object({
  id: idOf('evt', 'event'),
  type: z.literal('test'),
  at: moment,
})

export const eventList = z.object({
  data: z.array(eventResource),
  nextCursor: z.string().meta({ description: 'Ask with it again, now or later. Always given.' }),
})

export const profileList = z.object({
  data: z.array(
    z.object({
      key: z.string().meta({ example: 'read-only-sync' }),
      name: z.object({ en: z.string(), de: z.string() }),
      capabilities: z.array(z.enum(capabilities)),
      accountAdmin: z.boolean().meta({ description: 'The token has to be that of an account admin.' }),
      startDate: z.enum(startDateModes),
      mode: z.enum(profileModes),
      limitsAllowed: z.boolean().meta({ description: 'The customer may connect although something is missing.' }),
      checkIntervalMinutes: z.int(),
      offered: z.boolean().meta({ description: 'Whether new requests may name it.' }),
    }),
  ),
  nextCursor: z.null(),
})

const problemCodes = Object.keys(problems) as [keyof typeof problems, ...(keyof typeof problems)[]]

export const problemResource = z
  .object({
    type: z.string().meta({ format: 'uri', description: 'A page that explains it.' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes).meta({ description: 'Stable: branch on this one.' }),
    detail: z.string().optional(),
    errors: z
      .array(z.object({ field: z.string(), problem: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'With `invalid_request`: what has to be changed.' }),
    frozen: z
      .object({ scope: z.enum(['team', 'customer', 'connection']), since: moment })
      .optional()
      .meta({ description: 'With `hand_off_frozen`: what was stopped, and since when.' }),
    reference: z.string().optional().meta({ description: 'With 500 and 503: name it to whoever runs the portal.' }),
  })
  .meta({ description: 'RFC 9457.' })

/** By their names in the document. What is sent is described as it is typed, what is answered as it arrives. */
export const sentSchemas = {
  NewRequest: requestSchema,
  NewLinkOrder: linkOrder,
  CredentialOrder: credentialOrder,
  Observation: observation,
  OffBoardOrder: offBoardOrder,
}
export const answeredSchemas = {
  Connection: connectionResource,
  ConnectionDetail: connectionDetail,
  ConnectionList: connectionList,
  Request: requestResource,
  CreatedRequest: createdRequest,
  NewLink: newLink,
  Credential: credential,
  AcceptedReport: acceptedReport,
  Ending: ending,
  Event: eventResource,
  EventList: eventList,
  TestEvent: testEvent,
  ProfileList: profileList,
  Problem: problemResource,
}

/** What each scope is for, in the document and nowhere else. */
export const scopeTexts: Record<Scope, string> = {
  'requests:write': 'Ask customers for credentials, send links again, revoke them.',
  'connections:read': 'See requests, connections and profiles. Never a token.',
  'connections:write': 'Report what the provider answered, so that a token is checked at once. End connections.',
  'credentials:read': 'Read tokens. Every read is in the audit log.',
  'events:read': 'Read what happened, in order. Never a token.',
}
