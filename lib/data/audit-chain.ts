import 'server-only'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { auditMac } from '#lib/crypto/digest.ts'
import { db, inTransaction } from './database.ts'
import type { Database } from './schema.ts'

const EVENTS_AT_ONCE = 500
/** An event younger than this may still have an older one uncommitted beside it. */
const SETTLE_SECONDS = 1

const eventColumns = [
  'id',
  'teamId',
  'at',
  'actorKind',
  'actorId',
  'action',
  'objectId',
  'outcome',
  'reason',
  'address',
  'requestId',
  'details',
] as const

/** Links audit rows that are not in the chain yet: for each team a keyed MAC over the link before and the row. */
export async function sealAuditChain(): Promise<number> {
  const teams = await db()
    .selectFrom('auditEvents')
    .leftJoin('auditChain', 'auditChain.eventId', 'auditEvents.id')
    .select('auditEvents.teamId')
    .where('auditChain.eventId', 'is', null)
    .distinct()
    .limit(100)
    .execute()
  let sealed = 0
  for (const { teamId } of teams) sealed += await sealTeam(teamId)
  return sealed
}

async function sealTeam(teamId: string): Promise<number> {
  return inTransaction(async (trx) => {
    // One sealer at a time: the team's row is the lock.
    await trx.selectFrom('teams').select('id').where('id', '=', teamId).forUpdate().execute()
    const head = await trx
      .selectFrom('auditChain')
      .select(['seq', 'mac'])
      .where('teamId', '=', teamId)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    const events = await trx
      .selectFrom('auditEvents')
      .leftJoin('auditChain', 'auditChain.eventId', 'auditEvents.id')
      .select(eventColumns.map((column) => `auditEvents.${column}` as const))
      .where('auditEvents.teamId', '=', teamId)
      .where('auditChain.eventId', 'is', null)
      .where('auditEvents.at', '<', sql<Date>`now() - make_interval(secs => ${SETTLE_SECONDS})`)
      .orderBy('auditEvents.at')
      .orderBy('auditEvents.id')
      .limit(EVENTS_AT_ONCE)
      .execute()
    let { seq, mac } = head ? { seq: Number(head.seq), mac: head.mac } : { seq: 0, mac: Buffer.alloc(0) }
    for (const event of events) {
      seq += 1
      mac = auditMac(teamId, mac, canonical(seq, event))
      await trx.insertInto('auditChain').values({ teamId, seq, eventId: event.id, mac }).execute()
    }
    return events.length
  })
}

/** A row as the MAC sees it: every column, keys in one order. */
function canonical(seq: number, event: Record<(typeof eventColumns)[number], unknown>): string {
  const at = event.at instanceof Date ? event.at.toISOString() : event.at
  return JSON.stringify([
    seq,
    ...eventColumns.map((column) =>
      column === 'at' ? at : column === 'details' ? sorted(event.details) : event[column],
    ),
  ])
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

export type AuditVerdict =
  | { ok: true; links: number }
  | {
      ok: false
      links: number
      firstBad: { seq: number; eventId: string | null; problem: 'changed' | 'deleted' | 'gap' }
    }

/** Where a team's chain ends. */
export type ChainHead = { teamId: string; seq: number; mac: string }

/** The end of every team's chain. */
export async function listChainHeads(trx: Kysely<Database>): Promise<ChainHead[]> {
  const rows = await trx
    .selectFrom('auditChain')
    .distinctOn('teamId')
    .select(['teamId', 'seq', 'mac'])
    .orderBy('teamId')
    .orderBy('seq', 'desc')
    .execute()
  return rows.map(({ teamId, seq, mac }) => ({ teamId, seq: Number(seq), mac: mac.toString('base64url') }))
}

/** Walks a team's chain from the start and names the first row that does not fit. */
export async function verifyAuditChain(
  teamId: string,
  trx: Kysely<Database> = db(),
  onLink: (link: { seq: number; mac: string }) => void = () => {},
): Promise<AuditVerdict> {
  let mac: Buffer = Buffer.alloc(0)
  let links = 0
  for (;;) {
    const page = await trx
      .selectFrom('auditChain')
      .leftJoin('auditEvents', 'auditEvents.id', 'auditChain.eventId')
      .select(['auditChain.seq', 'auditChain.mac', 'auditChain.eventId'])
      .select(eventColumns.map((column) => `auditEvents.${column}` as const))
      .where('auditChain.teamId', '=', teamId)
      .where('auditChain.seq', '>', links)
      .orderBy('auditChain.seq')
      .limit(EVENTS_AT_ONCE)
      .execute()
    if (page.length === 0) return { ok: true, links }
    for (const row of page) {
      const seq = Number(row.seq)
      const bad = (problem: 'changed' | 'deleted' | 'gap'): AuditVerdict => ({
        ok: false,
        links,
        firstBad: { seq, eventId: row.eventId, problem },
      })
      if (seq !== links + 1) return bad('gap')
      if (row.id === null) return bad('deleted')
      mac = auditMac(teamId, mac, canonical(seq, row))
      if (!mac.equals(row.mac)) return bad('changed')
      onLink({ seq, mac: mac.toString('base64url') })
      links = seq
    }
  }
}
