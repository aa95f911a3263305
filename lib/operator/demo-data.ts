import 'server-only'
import { type Operator, proven } from '#lib/actor.ts'
import { setMember } from '#lib/auth/members.ts'
import { issueSignInLink } from '#lib/auth/sign-in-links.ts'
import { type ConnectOutcome, connect } from '#lib/connection/connect.ts'
import { endLinkAt, reissueLink, revokeLink } from '#lib/connection/links.ts'
import { requestConnections } from '#lib/connection/request.ts'
import { lockConnection, moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { findNewestLink } from '#lib/data/secure-links.ts'
import { Secret } from '#lib/secret.ts'

/** What somebody would type: made by the fake Pipedrive, worth nothing elsewhere. */
export type DemoCredential = { domain: string; apiToken: string }
export type DemoTokens = Record<'stopped' | 'connected' | 'limited' | 'busy', DemoCredential>

export type DemoLink = { shows: string; link: string }
export type Demo = { signInLink: string; links: DemoLink[] }

const DAY_MS = 86_400_000

/** Fills an empty portal with one request for each page worth seeing, the fresh one first. Everything goes the way a customer's would. */
export async function seedDemo(tokens: DemoTokens): Promise<Demo> {
  const team = await insertTeam(db(), { name: 'Northwind', supportEmail: 'support@northwind.example' })
  const operator = proven<'operator'>({ kind: 'operator', teamId: team.id })
  const maria = await setMember(operator, { email: 'maria@northwind.example', name: 'Maria Lopez', role: 'admin' })
  await setMember(operator, { email: 'sam@northwind.example', name: 'Sam Okoye', role: 'account_manager' })
  await setMember(operator, { email: 'ines@northwind.example', name: 'Ines Wolf', role: 'support' })

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

  await submit(operator, stopped, tokens.stopped)
  const repair = await stopWorking(operator, stopped)
  await endLinkAt(operator, { requestId: expired.id, expiresAt: new Date(Date.now() - DAY_MS) })
  await submit(operator, connected, tokens.connected)
  await revokeLink(operator, { requestId: revoked.id, reason: 'demo' })
  await submit(operator, confirming, tokens.limited)
  await submit(operator, waiting, tokens.busy)

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
  ]
  return { signInLink, links }
}

type Asked = { id: string; link: string; connectionId: string; name: string }
type Wish = {
  customer: string
  contact: string
  profile: string
  language?: 'en' | 'de'
}

async function ask(operator: Operator, { customer, contact, profile, language }: Wish): Promise<Asked> {
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
    connections: [{ provider: 'pipedrive', profile }],
  })
  const [connection] = connections
  if (!connection) throw new Error('a request without a connection')
  return { id, link, connectionId: connection.id, name: `${customer} Pipedrive` }
}

/** What the customer's form does: the operator acts for them, on made-up data only. */
async function submit(operator: Operator, asked: Asked, { domain, apiToken }: DemoCredential): Promise<ConnectOutcome> {
  const link = await findNewestLink(db(), { teamId: operator.teamId, requestId: asked.id })
  if (!link) throw new Error('a request without a link')
  const holder = proven<'link_holder'>({
    kind: 'link_holder',
    teamId: operator.teamId,
    requestId: asked.id,
    linkId: link.id,
    connectionId: asked.connectionId,
    address: null,
  })
  return connect(holder, {
    connectionName: asked.name,
    domain,
    apiToken: new Secret(apiToken),
    startDate: '2024-05-01T00:00:00Z',
    submissionKey: crypto.randomUUID(),
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
