import 'server-only'
import { type LinkHolder, type Operator, proven, type Staff, type StaffRole } from '#lib/actor.ts'
import { setMember } from '#lib/auth/members.ts'
import { issueSignInLink } from '#lib/auth/sign-in-links.ts'
import { type ConnectOutcome, connect } from '#lib/connection/connect.ts'
import { decline } from '#lib/connection/decline.ts'
import { saveDraft } from '#lib/connection/draft.ts'
import { createProfile, type ProfileInput } from '#lib/connection/edit-profile.ts'
import { handOver } from '#lib/connection/hand-over.ts'
import { endLinkAt, reissueLink, revokeLink } from '#lib/connection/links.ts'
import { tellOfDeliveryProblem } from '#lib/connection/notices.ts'
import { proposeAddress } from '#lib/connection/propose.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { snooze } from '#lib/connection/snooze.ts'
import { keepTyped } from '#lib/connection/unfinished.ts'
import { lockConnection, moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { claimDueLetters, markFailed } from '#lib/data/outbox.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { Secret } from '#lib/secret.ts'

/** What somebody would type: made by the fake Pipedrive, worth nothing elsewhere. */
export type DemoCredential = { domain: string; apiToken: string }
export type DemoTokens = Record<'stopped' | 'connected' | 'limited' | 'busy', DemoCredential>

export type DemoLink = { shows: string; link: string }
export type Demo = { signInLink: string; links: DemoLink[] }

const DAY_MS = 86_400_000
const SAM = 'sam@northwind.example'

/** A profile of the team's own, beside the built-in ones. */
const reporting = {
  key: 'sales-reporting',
  words: {
    en: {
      name: 'Sales reporting',
      purpose: 'Your deals and their activities become a weekly report.',
      exceptions: '',
      adminReason: '',
    },
    de: {
      name: 'Vertriebsbericht',
      purpose: 'Aus Ihren Deals und ihren Aktivitäten entsteht ein Wochenbericht.',
      exceptions: '',
      adminReason: '',
    },
  },
  capabilities: ['read_deals', 'read_activities'],
  accountAdmin: false,
  startDate: 'optional',
  mode: 'collect',
  limitsAllowed: true,
  checkIntervalMinutes: 240,
  retentionDays: 30,
} satisfies ProfileInput

/** Fills an empty portal with one request for each page worth seeing, the fresh one first. Everything goes the way a customer's would. */
export async function seedDemo(tokens: DemoTokens): Promise<Demo> {
  const team = await insertTeam(db(), { name: 'Northwind', supportEmail: 'support@northwind.example' })
  const operator = proven<'operator'>({ kind: 'operator', teamId: team.id })
  const maria = await setMember(operator, { email: 'maria@northwind.example', name: 'Maria Lopez', role: 'admin' })
  const staffMaria = staffOf(operator, maria, 'admin')
  await setMember(operator, { email: 'sam@northwind.example', name: 'Sam Okoye', role: 'account_manager' })
  const ines = await setMember(operator, { email: 'ines@northwind.example', name: 'Ines Wolf', role: 'support' })

  // First, while its letter is the only one that is due.
  const bounced = await ask(operator, {
    customer: 'Vandelay',
    contact: 'Art Vandelay',
    profile: 'read-only-sync',
    owner: SAM,
  })
  await bounce(operator, bounced)
  await createProfile(staffMaria, reporting)

  const fresh = await ask(operator, { customer: 'Acme', contact: 'Jane Miller', profile: 'read-only-sync' })
  const german = await ask(operator, {
    customer: 'Käte & Söhne',
    contact: 'Jörg Käte',
    profile: 'two-way-crm',
    language: 'de',
  })
  const stopped = await ask(operator, { customer: 'Globex', contact: 'Hank Scorpio', profile: 'read-only-sync' })
  const expired = await ask(operator, { customer: 'Initech', contact: 'Bill Lumbergh', profile: 'read-only-sync' })
  const connected = await ask(operator, { customer: 'Umbrella', contact: 'Alice Abernathy', profile: 'two-way-crm' })
  const revoked = await ask(operator, { customer: 'Hooli', contact: 'Gavin Belson', profile: 'read-only-sync' })
  const confirming = await ask(operator, { customer: 'Stark', contact: 'Pepper Potts', profile: 'two-way-crm' })
  const waiting = await ask(operator, { customer: 'Wayne', contact: 'Lucius Fox', profile: 'read-only-sync' })
  const several = await ask(operator, {
    customer: 'Cyberdyne',
    contact: 'Miles Dyson',
    profile: 'read-only-sync',
    more: ['two-way-crm', reporting.key],
    owner: SAM,
  })
  const passing = await ask(operator, { customer: 'Dunder', contact: 'Pam Beesly', profile: reporting.key })
  const declined = await ask(operator, { customer: 'Soylent', contact: 'Sol Roth', profile: 'full-setup', owner: SAM })

  await submit(operator, stopped, tokens.stopped)
  const repair = await stopWorking(operator, stopped)
  await endLinkAt(operator, { requestId: expired.id, expiresAt: new Date(Date.now() - DAY_MS) })
  await submit(operator, connected, tokens.connected)
  await revokeLink(operator, { requestId: revoked.id, reason: 'demo' })
  await submit(operator, confirming, tokens.limited)
  await submit(operator, waiting, tokens.busy)
  await handOver(await holderOf(operator, passing), {
    name: 'Ryan Howard',
    email: 'ryan@it-partner.example',
    note: 'Ryan looks after our Pipedrive. He can do it today.',
  })
  await decline(await holderOf(operator, declined), { reason: 'somebody_else', text: 'Ask for Mr Thorn next week.' })
  await snooze(staffMaria, {
    connectionIds: [declined.connectionId],
    until: new Date(Date.now() + 5 * DAY_MS),
    note: 'Mr Thorn is back on Monday',
  })
  await proposeAddress(staffOf(operator, ines, 'support'), {
    requestId: bounced.id,
    connectionId: bounced.connectionId,
    linkId: (await newestLink(operator, bounced)).id,
    name: 'Art Vandelay',
    email: 'art@vandelay.example',
    reason: 'Art called: the address had a typing mistake.',
  })
  await prepare(staffMaria)

  const { link: signInLink } = await inTransaction((trx) =>
    issueSignInLink(trx, operator, { id: maria, teamId: team.id }),
  )
  const links = [
    { shows: 'fresh, nothing handed over yet', link: fresh.link },
    { shows: 'fresh, in German', link: german.link },
    { shows: 'stopped working, a new token is needed', link: repair.link },
    { shows: 'link has expired', link: expired.link },
    { shows: 'connected already', link: connected.link },
    { shows: 'link was revoked', link: revoked.link },
    { shows: 'works with limits, waits for a yes', link: confirming.link },
    { shows: 'Pipedrive is busy, we finish it', link: waiting.link },
    { shows: 'three connections, a checklist', link: several.link },
  ]
  return { signInLink, links }
}

type Asked = { id: string; link: string; connectionId: string; name: string }
type Wish = {
  customer: string
  contact: string
  profile: string
  /** Profiles of further connections. */
  more?: string[]
  owner?: string
  language?: 'en' | 'de'
}

async function ask(
  operator: Operator,
  { customer, contact, profile, more = [], owner, language }: Wish,
): Promise<Asked> {
  const mailbox = contact
    .split(' ')[0]
    ?.normalize('NFD')
    .replace(/[^a-z]/gi, '')
    .toLowerCase()
  const { id, link, connections } = await requestConnections(operator, {
    customer,
    contact: { name: contact, email: `${mailbox}@customer.example` },
    language,
    project: 'Sales sync',
    owner,
    connections: [profile, ...more].map((profile) => ({ provider: 'pipedrive', profile })),
  })
  const [connection] = connections
  if (!connection) throw new Error('a request without a connection')
  return { id, link, connectionId: connection.id, name: `${customer} Pipedrive` }
}

/** What the customer's form does: the operator acts for them, on made-up data only. */
async function submit(operator: Operator, asked: Asked, { domain, apiToken }: DemoCredential): Promise<ConnectOutcome> {
  return connect(await holderOf(operator, asked), {
    connectionName: asked.name,
    domain,
    apiToken: new Secret(apiToken),
    startDate: '2024-05-01T00:00:00Z',
    submissionKey: crypto.randomUUID(),
  })
}

async function holderOf(operator: Operator, asked: Asked): Promise<LinkHolder> {
  return proven<'link_holder'>({
    kind: 'link_holder',
    teamId: operator.teamId,
    requestId: asked.id,
    linkId: (await newestLink(operator, asked)).id,
    connectionId: asked.connectionId,
    address: null,
  })
}

async function newestLink({ teamId }: Operator, { id: requestId }: Asked): Promise<{ id: string }> {
  const link = await findNewestLink(db(), { teamId, requestId })
  if (!link) throw new Error('a request without a link')
  return link
}

function staffOf({ teamId }: Operator, staffId: string, role: StaffRole): Staff {
  return proven<'staff'>({ kind: 'staff', teamId, staffId, role, address: null })
}

/** As if the mail server had refused the address of the one letter that is due. */
async function bounce(operator: Operator, { id: requestId, connectionId }: Asked): Promise<void> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: operator.teamId })
  const [due] = await claimDueLetters({ limit: 1, leaseSeconds: 60 })
  if (due?.requestId !== requestId) throw new Error('another letter was due first')
  await inTransaction(async (trx) => {
    const reason = 'smtp_answer 550 RCPT TO'
    await markFailed(trx, due, { lastError: reason })
    await moveStatus(trx, watcher, { connectionId, from: 'queued', to: 'undeliverable', verdictCode: null })
    await tellOfDeliveryProblem(trx, watcher, due, { kind: 'refused', reason })
  })
}

/** What Maria prepared and has not sent: a draft, and a form that she left half-filled. */
async function prepare(maria: Staff): Promise<void> {
  const contact = { name: 'Ellen Ripley', email: 'ellen@customer.example' }
  const note = 'Hello Ellen, this is the connection we spoke about on Tuesday.'
  const connections = [{ provider: 'pipedrive' as const, profile: 'two-way-crm' }]
  await saveDraft(maria, { customer: 'Weyland', contact, note, connections }, crypto.randomUUID())
  await keepTyped(maria, {
    formKey: crypto.randomUUID(),
    requestId: null,
    typed: { customer: 'Tyrell', owner: 'maria@northwind.example', language: 'en', note: 'Ask for Rachael.' },
  })
}

/** As if Pipedrive had refused the token twice since: the next link asks for a new one. */
async function stopWorking(operator: Operator, { id, connectionId }: Asked): Promise<{ link: string }> {
  const watcher = proven<'watcher'>({ kind: 'watcher', teamId: operator.teamId })
  await inTransaction(async (trx) => {
    const { status: from } = await lockConnection(trx, { teamId: operator.teamId, connectionId })
    await moveStatus(trx, watcher, { connectionId, from, to: 'stopped', verdictCode: 'STOPPED_WORKING' })
  })
  return reissueLink(operator, { requestId: id, deliver: 'mail' })
}
