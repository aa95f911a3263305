import { randomUUID } from 'node:crypto'
import type { LinkHolder, Operator } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import type { Submission } from '#lib/connection/connect.ts'
import type { EventType } from '#lib/connection/events.ts'
import { findLinkByKey } from '#lib/connection/links.ts'
import { requestConnections } from '#lib/connection/request.ts'
import type { RequestInput } from '#lib/connection/request-schema.ts'
import { db } from '#lib/data/database.ts'
import { numberEvents } from '#lib/data/events.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import { fakeToken } from '#lib/providers/pipedrive/fake.ts'
import { Secret } from '#lib/secret.ts'

/** A team of its own for a test: what other tests left behind is out of its sight. */
export async function makeTeam(): Promise<Operator> {
  const team = await insertTeam(db(), { name: 'Northwind', supportEmail: null })
  await upsertStaff(db(), { teamId: team.id, email: 'maria@northwind.example', name: 'Maria Lopez', role: 'admin' })
  return proven<'operator'>({ kind: 'operator', teamId: team.id })
}

export type Asked = { requestId: string; connectionId: string; linkKey: string; holder: LinkHolder }

/** One requested connection, and the customer who opened its link. */
export async function ask(operator: Operator, over: Partial<RequestInput['connections'][number]> = {}): Promise<Asked> {
  const { id, link, connections } = await requestConnections(operator, {
    customer: 'Acme',
    contact: { name: 'Jane Miller', email: 'jane@acme.example' },
    deliver: 'link',
    connections: [{ provider: 'pipedrive', profile: 'read-only-sync', ...over }],
  })
  const linkKey = keyOf(link)
  const connectionId = connections[0]?.id ?? ''
  return { requestId: id, connectionId, linkKey, holder: await holderOf(linkKey, connectionId) }
}

/** Whoever opened a link with this key. */
export async function holderOf(linkKey: string, connectionId: string): Promise<LinkHolder> {
  const link = await findLinkByKey(linkKey)
  if (!link) throw new Error('no such link')
  const { id, teamId, requestId } = link
  return proven<'link_holder'>({ kind: 'link_holder', teamId, requestId, linkId: id, connectionId, address: null })
}

export function keyOf(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1)
}

/** What a customer types, with the token of somebody in the fake's catalogue. */
export function typed(name: string, over: Partial<Submission> = {}): Submission {
  return {
    connectionName: 'Acme sales',
    domain: 'acme',
    apiToken: new Secret(fakeToken(name)),
    startDate: null,
    submissionKey: randomUUID(),
    ...over,
  }
}

export async function countRows(
  table: 'credentials' | 'verifications' | 'submissions' | 'outbox',
  connectionId: string,
): Promise<number> {
  const { n } = await db()
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('connectionId', '=', connectionId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** What was queued for people about one connection. */
export async function lettersOf(connectionId: string): Promise<string[]> {
  const rows = await db()
    .selectFrom('outbox')
    .select('letter')
    .where('connectionId', '=', connectionId)
    .orderBy('id')
    .execute()
  return rows.map(({ letter }) => letter)
}

/** What integrations are told of one connection, in order. */
export async function eventsOf(connectionId: string): Promise<EventType[]> {
  while ((await numberEvents()) > 0);
  const rows = await db()
    .selectFrom('events')
    .select('type')
    .where('connectionId', '=', connectionId)
    .orderBy('seq')
    .execute()
  return rows.map(({ type }) => type)
}

export async function statusOf(connectionId: string) {
  return db()
    .selectFrom('connections')
    .select(['status', 'verdictCode', 'version'])
    .where('id', '=', connectionId)
    .executeTakeFirstOrThrow()
}
