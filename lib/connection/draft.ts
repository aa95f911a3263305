import 'server-only'
import type { Kysely } from 'kysely'
import type { Actor } from '#lib/actor.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { moveStatus } from '#lib/data/connections.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Draft, DraftConnection } from '#lib/data/drafts.ts'
import {
  deleteDraftConnections,
  deleteDraftRequest,
  findDraft,
  lockDraft,
  updateDraft,
  updateDraftConnection,
} from '#lib/data/drafts.ts'
import { findRequest } from '#lib/data/requests.ts'
import type { Database } from '#lib/data/schema.ts'
import type { StoredRequest } from './request.ts'
import { connectionRow, once, requestRow, sendLink, storeConnections, storeRequest } from './request.ts'
import type { RequestInput, WantedRequest } from './request-schema.ts'
import { checkRequest } from './request-schema.ts'

/** `sent_before`: somebody else, or an earlier press, was quicker. `gone`: deleted, or never a draft of the team. */
export type DraftOutcome = { kind: 'done'; request: StoredRequest } | { kind: 'sent_before' } | { kind: 'gone' }

const REQUEST_ID = /^req_[0-9a-hjkmnp-tv-z]{26}$/

/** Saves a request that is not sent yet. The same key finds the draft that an earlier press made. */
export async function saveDraft(actor: Actor, input: RequestInput, creationKey: string): Promise<StoredRequest> {
  const wanted = await checkRequest(actor, input)
  return once(actor, creationKey, (trx) => storeRequest(trx, actor, wanted, { status: 'draft', creationKey }))
}

export async function changeDraft(actor: Actor, input: RequestInput, requestId: string): Promise<DraftOutcome> {
  const wanted = await checkRequest(actor, input)
  return withDraft(actor, requestId, async (trx, connections) => {
    const request = await rewrite(trx, actor, wanted, { requestId, connections, sent: false })
    await recordAudit(trx, actor, { action: 'draft.changed', objectId: requestId })
    return request
  })
}

/** Sends a draft as it was changed last. */
export async function sendDraft(actor: Actor, input: RequestInput, requestId: string): Promise<DraftOutcome> {
  const wanted = await checkRequest(actor, input)
  return withDraft(actor, requestId, async (trx, before) => {
    const { reference, connections } = await rewrite(trx, actor, wanted, { requestId, connections: before, sent: true })
    const status = wanted.deliver === 'mail' ? 'queued' : 'sent'
    for (const { id } of connections)
      await moveStatus(trx, actor, { connectionId: id, from: 'draft', to: status, verdictCode: null })
    await sendLink(trx, actor, wanted, requestId)
    await recordAudit(trx, actor, { action: 'draft.sent', objectId: requestId, details: { reference } })
    return { id: requestId, reference, connections: connections.map(({ id }) => ({ id, status })) }
  })
}

export async function deleteDraft(actor: Actor, requestId: string): Promise<DraftOutcome> {
  return withDraft(actor, requestId, async (trx, connections) => {
    await deleteDraftConnections(
      trx,
      actor,
      connections.map(({ id }) => id),
    )
    await deleteDraftRequest(trx, actor, requestId)
    await recordAudit(trx, actor, { action: 'draft.deleted', objectId: requestId })
    return { id: requestId, reference: '', connections: [] }
  })
}

async function withDraft(
  actor: Actor,
  requestId: string,
  work: (trx: Kysely<Database>, connections: DraftConnection[]) => Promise<StoredRequest>,
): Promise<DraftOutcome> {
  if (!REQUEST_ID.test(requestId)) return { kind: 'gone' }
  const request = await inTransaction(async (trx) => {
    const connections = await lockDraft(trx, actor, requestId)
    return connections.length > 0 ? work(trx, connections) : null
  })
  if (request) return { kind: 'done', request }
  return (await findRequest(db(), { teamId: actor.teamId, request: requestId }))
    ? { kind: 'sent_before' }
    : { kind: 'gone' }
}

/** Writes request and connections anew. What stays keeps its id, so that addresses of its page go on working. */
async function rewrite(
  trx: Kysely<Database>,
  actor: Actor,
  wanted: WantedRequest,
  { requestId, connections, sent }: { requestId: string; connections: DraftConnection[]; sent: boolean },
): Promise<StoredRequest> {
  const { reference, customerId } = await updateDraft(trx, actor, { requestId, sent, ...requestRow(wanted) })
  const kept = connections.slice(0, wanted.connections.length)
  for (const [index, connection] of wanted.connections.slice(0, kept.length).entries())
    await updateDraftConnection(trx, actor, kept[index]?.id ?? '', {
      customerId,
      ...connectionRow(wanted, connection),
    })
  await deleteDraftConnections(
    trx,
    actor,
    connections.slice(kept.length).map(({ id }) => id),
  )
  const added = await storeConnections(
    trx,
    actor,
    { ...wanted, connections: wanted.connections.slice(kept.length) },
    { requestId, customerId, status: 'draft' },
  )
  return {
    id: requestId,
    reference,
    connections: [...kept.map(({ id }) => ({ id, status: 'draft' as const })), ...added],
  }
}

/** The draft that a page names; null is recorded, because it may be another team's. */
export async function openDraft(actor: Actor, requestId: string): Promise<Draft | null> {
  if (!REQUEST_ID.test(requestId)) return null
  const draft = await findDraft(db(), { teamId: actor.teamId, requestId })
  if (!draft && !(await findRequest(db(), { teamId: actor.teamId, request: requestId })))
    await recordAudit(db(), actor, { action: 'access.refused', objectId: requestId, outcome: 'refused' })
  return draft
}
