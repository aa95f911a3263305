import type { ColumnType, Generated } from 'kysely'
import type { StaffRole } from '#lib/actor.ts'
import type { EndProof } from '#lib/connection/end-proof.ts'
import type { EventType } from '#lib/connection/events.ts'
import type { Profile } from '#lib/connection/profiles.ts'
import type { Status } from '#lib/connection/status.ts'
import type { WrappedKey } from '#lib/crypto/key-provider.ts'
import type { CallRecord, Capability, CapabilityRow, TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import type { Scope } from '#lib/scopes.ts'
import type { AttemptProblem } from './webhook-deliveries.ts'

/** The tables as code sees them (camelCase; the database has snake_case). Ids are prefixed UUIDv7 texts of `newId()`. */
export type Database = {
  teams: TeamsTable
  staff: StaffTable
  staffSessions: StaffSessionsTable
  signInLinks: SignInLinksTable
  customers: CustomersTable
  contacts: ContactsTable
  requests: RequestsTable
  connections: ConnectionsTable
  connectionChecks: ConnectionChecksTable
  lastChecks: LastChecksTable
  secureLinks: SecureLinksTable
  secureLinkKeys: SecureLinkKeysTable
  linkFetches: LinkFetchesTable
  credentials: CredentialsTable
  submissions: SubmissionsTable
  verifications: VerificationsTable
  auditEvents: AuditEventsTable
  auditChain: AuditChainTable
  outbox: OutboxTable
  profiles: ProfilesTable
  requestImports: RequestImportsTable
  rateLimits: RateLimitsTable
  providerPauses: ProviderPausesTable
  statusCounts: StatusCountsTable
  teamLogos: TeamLogosTable
  handOvers: HandOversTable
  handOverConnections: HandOverConnectionsTable
  providerMinutes: ProviderMinutesTable
  providerIncidents: ProviderIncidentsTable
  events: EventsTable
  offBoardings: OffBoardingsTable
  stops: StopsTable
  contactProposals: ContactProposalsTable
  unfinishedRequests: UnfinishedRequestsTable
  integrations: IntegrationsTable
  integrationKeys: IntegrationKeysTable
  apiAnswers: ApiAnswersTable
  freezes: FreezesTable
  webhookEndpoints: WebhookEndpointsTable
  webhookSecrets: WebhookSecretsTable
  webhookDeliveries: WebhookDeliveriesTable
  webhookAttempts: WebhookAttemptsTable
  errands: ErrandsTable
  workers: WorkersTable
}

type Time = ColumnType<Date, Date | string | undefined, Date | string>
type MaybeTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
/** jsonb: objects come out, JSON text goes in. */
type Json<T> = ColumnType<T, string, string>
type MaybeJson<T> = ColumnType<T | null, string | null | undefined, string | null>

type TeamsTable = {
  id: string
  name: string
  supportEmail: string | null
  supportPhone: string | null
  /** `#1d5fd1`: the colour of main buttons on customers' pages and in mails. */
  accent: ColumnType<string | null, string | null | undefined, string | null>
  /** Who mails say they are from; null: the team's name. */
  senderName: ColumnType<string | null, string | null | undefined, string | null>
  /** Days after a link was mailed. */
  reminderDays: ColumnType<number[], string | undefined, string>
  remindsBeforeEnd: Generated<boolean>
  /** How long a link works unless the request says otherwise. */
  linkDays: Generated<number>
  /** The longest that records of closed connections are kept, whatever their profile says. */
  retentionDays: ColumnType<number | null, number | null | undefined, number | null>
  createdAt: Time
}

type StaffTable = {
  id: string
  teamId: string
  email: string
  name: string
  role: StaffRole
  disabledAt: MaybeTime
  createdAt: Time
}

/** A browser of a signed-in member. The digest is that of the cookie's value. */
type StaffSessionsTable = {
  digest: Buffer
  id: string
  teamId: string
  staffId: string
  method: 'company' | 'mail' | 'operator'
  /** When the person last proved who they are; null when the company's sign-in did not say. */
  authenticatedAt: MaybeTime
  createdAt: Time
  /** The last activity, to the minute. */
  seenAt: Time
}

/** A link that signs a member in, once. The digest is that of its key. */
type SignInLinksTable = {
  digest: Buffer
  teamId: string
  staffId: string
  issuedBy: 'mail' | 'operator'
  /** Where the member wanted to go. */
  nextPath: string | null
  expiresAt: Time
  usedAt: MaybeTime
  createdAt: Time
}

type CustomersTable = { id: string; teamId: string; name: string; createdAt: Time }

type ContactsTable = {
  id: string
  teamId: string
  customerId: string
  name: string
  email: string
  /** Name and address went by the retention policy; both are empty since. */
  erasedAt: MaybeTime
  createdAt: Time
}

type RequestsTable = {
  id: string
  teamId: string
  /** What people say on the phone, e.g. `KTR-482`; unique in the team. */
  reference: string
  customerId: string
  contactId: string
  /** Gets what the first contact's mail server refuses. */
  backupContactId: string | null
  /** The account manager. */
  ownerId: string | null
  language: 'en' | 'de'
  project: string
  note: string | null
  createdBy: string
  /** The contact asked for no more reminders. */
  remindersStoppedAt: MaybeTime
  /** Made when the form was drawn: a repeated press finds the request of the first one. */
  creationKey: ColumnType<string | null, string | null | undefined, string | null>
  /** A draft's wish; null for the usual lifetime. */
  linkDays: ColumnType<number | null, number | null | undefined, number | null>
  /** Its personal data went by the retention policy. */
  erasedAt: MaybeTime
  createdAt: Time
}

type ConnectionsTable = {
  id: string
  teamId: string
  requestId: string
  customerId: string
  provider: string
  profile: string
  name: string
  status: Status
  verdictCode: VerdictCode | null
  /** What somebody said yes to, for the token that is being checked. */
  acceptedCodes: ColumnType<VerdictCode[], string | undefined, string>
  /** What the customer typed, kept so that nothing is asked twice. */
  typedDomain: string | null
  /** The request names the company; the customer cannot override it. */
  expectedDomain: string | null
  externalId: string | null
  providerCompanyId: string | null
  providerCompanyDomain: string | null
  providerCompanyName: string | null
  providerUserId: string | null
  providerUserName: string | null
  providerUserEmail: string | null
  /** RFC 3339 text, handed on exactly as given; never parsed by the database. */
  startDate: string | null
  connectedAt: MaybeTime
  waitingSince: MaybeTime
  /** When the manager was told that the wait is a long one. */
  waitToldAt: MaybeTime
  visitedAt: MaybeTime
  /** The first refusal that a second look has not confirmed yet. */
  suspectSince: MaybeTime
  /** Since when the provider gives no usable answer about a connected one. */
  degradedSince: MaybeTime
  stoppedAt: MaybeTime
  /** Somebody may have seen the token; a new one is asked for until it is replaced. */
  exposedAt: MaybeTime
  /** Version of the credential in force; 0 = none yet. */
  version: Generated<number>
  /** Copies for the board, written by `copyForBoard` and `copyLinkEnd` alone. */
  customerName: Generated<string>
  sortName: Generated<string>
  search: Generated<string>
  ownerId: string | null
  linkExpiresAt: MaybeTime
  /** Out of "Needs you" until then, or until the status changes. */
  snoozedUntil: MaybeTime
  snoozeNote: string | null
  /** Imported by the team, which held the token before. */
  adoptedAt: MaybeTime
  /** Its personal data went by the retention policy. */
  erasedAt: MaybeTime
  createdAt: Time
  updatedAt: Time
  /** When it got the status it has. */
  statusSince: Time
}

/** The queue of live checks: at most one row for each connection. */
type ConnectionChecksTable = {
  connectionId: string
  teamId: string
  reason: 'waiting' | 'watch' | 'off_board'
  dueAt: Time
  /** Somebody asked for it: goes before all others. */
  urgent: Generated<boolean>
  attempt: Generated<number>
  lease: string | null
  leasedUntil: MaybeTime
}

type LastChecksTable = {
  connectionId: string
  teamId: string
  /** A copy. */
  status: Status
  checkedAt: MaybeTime
  /** The last check that also read permissions and lists. */
  fullCheckAt: MaybeTime
}

type SecureLinksTable = {
  id: string
  teamId: string
  requestId: string
  purpose: 'connect' | 'repair' | 'off_board'
  expiresAt: Time
  revokedAt: MaybeTime
  revokedBy: string | null
  replacedBy: string | null
  replacedAt: MaybeTime
  /** The contact ended it: gave it back, or passed it on. */
  endedAs: ColumnType<
    'declined' | 'handed_over' | null,
    'declined' | 'handed_over' | null | undefined,
    'declined' | 'handed_over' | null
  >
  createdAt: Time
}

/** SHA-256 of each key of a link. The key itself is stored nowhere. */
type SecureLinkKeysTable = { digest: Buffer; teamId: string; linkId: string; createdAt: Time }

/** How often the address of a link was fetched on one day: mail scanners do, and so do people. */
type LinkFetchesTable = { linkId: string; day: string; teamId: string; fetches: number; firstAt: Time; lastAt: Time }

type CredentialsTable = {
  id: string
  teamId: string
  connectionId: string
  version: number
  /** `pending` waits for somebody's yes and is erased after 24 h. */
  state: 'pending' | 'in_force' | 'replaced' | 'shredded'
  /** Flattened JWE without its AAD, which is rebuilt from this row. Null once shredded. */
  sealed: MaybeJson<Record<string, string>>
  wrappedKey: MaybeJson<WrappedKey>
  keyId: string
  /** The host the value may be sent to, or `unverified`. Part of the AAD. */
  host: string
  /** Keyed, per team: equal tokens have equal fingerprints. */
  fingerprint: Buffer
  createdAt: Time
  expiresAt: MaybeTime
  shreddedAt: MaybeTime
}

/** One press of "Check and connect"; the key is made when the form is drawn. */
type SubmissionsTable = {
  connectionId: string
  submissionKey: string
  teamId: string
  /** Null while the check runs. */
  result: MaybeJson<Record<string, unknown>>
  leasedUntil: Time
  createdAt: Time
}

type VerificationsTable = {
  id: string
  teamId: string
  connectionId: string
  trigger: 'submit' | 'confirm' | 'retry' | 'watch' | 'staff' | 'off_board'
  verdictCode: VerdictCode
  owner: MaybeJson<TokenOwner>
  report: Json<CapabilityRow[]>
  calls: Json<CallRecord[]>
  moreThanNeeded: boolean
  /** The start date that was asked with; null for everything. */
  since: ColumnType<string | null, string | null | undefined, never>
  /** The address that was checked, as the customer typed it or as we knew it. */
  askedDomain: ColumnType<string | null, string | null | undefined, string | null>
  surplus: ColumnType<Capability[], string | undefined, string>
  latencyMs: number
  createdAt: Time
}

/** Insert and select only. The chain that makes tampering evident lives beside it. */
type AuditEventsTable = {
  id: string
  teamId: string
  at: Time
  actorKind: 'staff' | 'link_holder' | 'integration' | 'watcher' | 'operator'
  actorId: string
  action: string
  objectId: string
  outcome: 'done' | 'refused'
  reason: string | null
  address: string | null
  requestId: string | null
  details: Json<Record<string, unknown>>
}

type AuditChainTable = {
  teamId: string
  seq: ColumnType<number, number, never>
  eventId: string
  mac: Buffer
  createdAt: Time
}

type OutboxTable = {
  id: string
  teamId: string
  requestId: string | null
  connectionId: string | null
  letter: string
  recipientName: string
  recipientEmail: string
  language: 'en' | 'de'
  /** What the letter needs, without secrets. */
  payload: Json<Record<string, unknown>>
  /** The link key, sealed; wiped when the mail is accepted. */
  sealedLink: MaybeJson<{ sealed: Record<string, string>; wrappedKey: WrappedKey }>
  messageId: string
  dueAt: Time
  attempt: Generated<number>
  lease: string | null
  leasedUntil: MaybeTime
  acceptedAt: MaybeTime
  failedAt: MaybeTime
  /** Failed because nobody needed it any more. */
  obsolete: Generated<boolean>
  lastError: string | null
  createdAt: Time
}

/** The picture of a team, found by what it is: another picture has another address. */
type TeamLogosTable = {
  teamId: string
  digest: string
  type: 'image/png' | 'image/svg+xml'
  bytes: Buffer
  createdAt: Time
}

type HandOversTable = {
  id: string
  teamId: string
  /** The request of whoever hands over. */
  requestId: string
  /** Through which link it was asked. */
  linkId: string
  /** `lapsed`: when somebody said yes there was nothing left to hand over. */
  state: 'waiting' | 'done' | 'refused' | 'lapsed'
  colleagueName: string
  colleagueEmail: string
  note: string | null
  /** The colleague's own request. */
  newRequestId: string | null
  decidedBy: string | null
  decidedAt: MaybeTime
  reason: string | null
  createdAt: Time
}

type HandOverConnectionsTable = { handOverId: string; connectionId: string; fromStatus: Status }

/** Another address for a request, which support asks for. */
type ContactProposalsTable = {
  id: string
  teamId: string
  requestId: string
  /** `settled`: a manager named somebody without being asked. `lapsed`: nobody needed a link any more. */
  state: 'waiting' | 'accepted' | 'refused' | 'replaced' | 'settled' | 'lapsed'
  name: string
  email: string
  reason: string
  proposedBy: string
  decidedBy: string | null
  decidedAt: MaybeTime
  createdAt: Time
}

/** What a member typed into the form of a request and neither sent nor threw away. */
type UnfinishedRequestsTable = {
  teamId: string
  staffId: string
  formKey: string
  /** The draft that it changes, if it does. */
  requestId: string | null
  typed: Json<Record<string, unknown>>
  endedAt: MaybeTime
  updatedAt: Time
}

/** What the team wrote itself; the built-in ones are code. */
type ProfilesTable = {
  teamId: string
  key: string
  words: Json<NonNullable<Profile['words']>>
  capabilities: Json<Profile['capabilities']>
  accountAdmin: boolean
  startDate: Profile['startDate']
  mode: Profile['mode']
  limitsAllowed: boolean
  checkIntervalMinutes: number
  retentionDays: number
  disabledAt: MaybeTime
  createdAt: Time
  updatedAt: Time
}

/** The rows of an uploaded list, kept until somebody says yes to them. Erased after a day. */
type RequestImportsTable = {
  id: string
  teamId: string
  createdBy: string
  rows: Json<Record<string, string>[]>
  createdAt: Time
}

/** How the watched tokens of one provider fared within one minute. */
type ProviderMinutesTable = {
  provider: string
  minute: Time
  /** When a token was last accepted. */
  fineAt: MaybeTime
  fine: Generated<number>
  refused: Generated<number>
  unanswered: Generated<number>
  /** Some of those that got no answer. */
  companies: Generated<string[]>
}

/** Trouble of a provider as a whole; at most one is open. */
type ProviderIncidentsTable = {
  id: string
  provider: string
  kind: 'refusing' | 'unanswered'
  startedAt: Time
  endedAt: MaybeTime
}

/** What integrations are told, by polling and by webhook. */
type EventsTable = {
  id: string
  teamId: string
  type: EventType
  requestId: string | null
  connectionId: string | null
  externalId: string | null
  status: Status | null
  version: number | null
  verdictCode: VerdictCode | null
  createdAt: Time
  /** Its place in the team's order; null until it is given one. */
  seq: ColumnType<string | null, number | null | undefined, number | null>
}

/** The end of a connection, from the wish to the proof. At most one is open for each connection. */
type OffBoardingsTable = {
  id: string
  teamId: string
  connectionId: string
  reason: string | null
  askedBy: 'staff' | 'link_holder' | 'integration' | 'operator'
  startedAt: Time
  /** Then the sealed value is erased, proved dead or not. */
  deadline: Time
  /** What the customer says they did. */
  way: 'deactivate' | 'regenerate' | null
  pressedAt: MaybeTime
  probedAt: MaybeTime
  probeCode: VerdictCode | null
  firstRefusedAt: MaybeTime
  /** The team's integrations have cleaned up behind them. */
  confirmedAt: MaybeTime
  endedAt: MaybeTime
  outcome: 'proved' | 'unproven' | 'called_off' | null
  proof: MaybeJson<EndProof>
  /** Where the connection stood when its end began. */
  fromStatus: Status | null
  fromVerdict: VerdictCode | null
}

/** A time that the watcher found a token refused for good. */
type StopsTable = {
  id: string
  teamId: string
  connectionId: string
  requestId: string
  /** When the provider last accepted the token before. */
  workedAt: MaybeTime
  refusedAt: Time
  stoppedAt: Time
}

/** A machine of the team. Null in `profiles` or `connections`: not limited to any. */
type IntegrationsTable = {
  id: string
  teamId: string
  name: string
  scopes: Json<Scope[]>
  profiles: MaybeJson<string[]>
  connections: MaybeJson<string[]>
  /** Where it may call from: addresses and CIDR ranges. Null: from anywhere. */
  addresses: MaybeJson<string[]>
  /** A JWK that credentials can be sealed to on their way. */
  publicKey: MaybeJson<Record<string, unknown>>
  createdBy: string
  expiresAt: Time
  revokedAt: MaybeTime
  revokedBy: string | null
  createdAt: Time
}

/** SHA-256 of the keys of an integration; the key itself is stored nowhere. Two at most are live. */
type IntegrationKeysTable = {
  digest: Buffer
  teamId: string
  integrationId: string
  /** When a newer key takes over; null while it is the newest. */
  endsAt: MaybeTime
  /** To the minute. */
  lastUsedAt: MaybeTime
  createdAt: Time
}

/** Hand-off that was stopped until an admin lets it go on. At most one is open for each connection, customer or team. */
type FreezesTable = {
  id: string
  teamId: string
  scope: 'team' | 'customer' | 'connection'
  objectId: string
  reason: string
  startedKind: 'staff' | 'operator'
  startedBy: string
  startedAt: Time
  endedKind: ColumnType<'staff' | 'operator' | null, undefined, 'staff' | 'operator'>
  endedBy: ColumnType<string | null, undefined, string>
  endedAt: MaybeTime
  /** What integrations are being told, and the last connection they were told of. Null once all are told. */
  telling: 'connection.frozen' | 'connection.thawed' | null
  toldThrough: Generated<string>
}

/** Why an endpoint is off: somebody's wish, nothing got through for days, or it answered that it is gone for good. */
export type DisabledReason = 'by_hand' | 'failing' | 'gone'

/** Where a system of the team is told of events. */
type WebhookEndpointsTable = {
  id: string
  teamId: string
  name: string
  url: string
  /** Null: every type, also those that are added later. */
  eventTypes: MaybeJson<EventType[]>
  /** Whose connections it is told of. Null: those of every profile. */
  profiles: MaybeJson<string[]>
  createdBy: string
  createdAt: Time
  /** Since when no try succeeded; null when the latest did. */
  failingSince: MaybeTime
  disabledAt: MaybeTime
  disabledBy: ColumnType<string | null, undefined, string | null>
  disabledReason: ColumnType<DisabledReason | null, undefined, DisabledReason | null>
}

/** What messages to an endpoint are signed with; two are valid while one takes over from the other. */
type WebhookSecretsTable = {
  id: string
  teamId: string
  endpointId: string
  sealed: Json<Record<string, string>>
  wrappedKey: Json<WrappedKey>
  keyId: string
  /** When the newer one alone is used; null for the newest. */
  endsAt: MaybeTime
  createdAt: Time
}

/** One message to one endpoint, and how far it is. There is one for each event, whoever queues it how often. */
type WebhookDeliveriesTable = {
  id: string
  teamId: string
  endpointId: string
  /** The id of the event, and the `webhook-id`: the same at every try. */
  messageId: string
  type: EventType | 'test'
  /** `infinity` while the endpoint is off. */
  dueAt: Time
  attempt: Generated<number>
  lease: string | null
  leasedUntil: MaybeTime
  deliveredAt: MaybeTime
  failedAt: MaybeTime
  createdAt: Time
}

/** One try. */
type WebhookAttemptsTable = {
  id: string
  teamId: string
  deliveryId: string
  at: Time
  status: number | null
  problem: AttemptProblem | null
  reason: string | null
  durationMs: number
}

/** What a call with an Idempotency-Key was answered, for a day. Never holds a secret: a link is made again from `seed`. */
type ApiAnswersTable = {
  integrationId: string
  idempotencyKey: string
  teamId: string
  /** Of the method, the address and the body. */
  digest: Buffer
  seed: string
  /** Null while its transaction runs, which nobody else ever sees. */
  status: number | null
  body: MaybeJson<Record<string, unknown>>
  hasLink: Generated<boolean>
  createdAt: Time
}

/** What a process that only wraps has a worker do. */
type ErrandsTable = {
  id: string
  teamId: string
  /** Signed by whoever asks. */
  task: string
  dueAt: Time
  attempt: Generated<number>
  lease: string | null
  leasedUntil: MaybeTime
  answer: MaybeJson<unknown>
  failedReference: string | null
  endedAt: MaybeTime
  createdAt: Time
}

/** A process that does background work. */
type WorkersTable = { id: string; seenAt: Time; stoppedAt: MaybeTime }

type RateLimitsTable = { bucket: string; windowStart: Time; hits: number; expiresAt: Time }

/** How long a company of a provider is let alone; see provider-pauses.ts. */
type ProviderPausesTable = {
  teamId: string
  provider: string
  company: string
  /** Why everyone waits. */
  code: ColumnType<VerdictCode | null, VerdictCode | null | undefined, VerdictCode | null>
  everyoneUntil: Time
  backgroundUntil: Time
  peopleUntil: Time
}

type StatusCountsTable = { teamId: string; status: Status; n: number }
