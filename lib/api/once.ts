import 'server-only'
import type { Transaction } from 'kysely'
import type { Integration } from '#lib/actor.ts'
import { linkAddress } from '#lib/connection/request.ts'
import type { LinkKey } from '#lib/crypto/digest.ts'
import { linkKeyFrom, newLinkKey, newSeed } from '#lib/crypto/digest.ts'
import type { KeptAnswer } from '#lib/data/api-answers.ts'
import { claimAnswer, findAnswer, keepAnswer } from '#lib/data/api-answers.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Database } from '#lib/data/schema.ts'
import { Problem } from '#lib/problem.ts'

/** What a call is answered. `link` is a member of the body that is stored nowhere. */
export type Reply = {
  status?: number
  body: Record<string, unknown> | null
  link?: string
  headers?: Record<string, string>
}

/** The work of a call, in the one transaction that also keeps its answer. A link it makes has this key. */
export type Work = (trx: Transaction<Database>, linkKey: LinkKey) => Promise<Reply & { status: number }>

export type Named = { idempotencyKey: string; digest: Buffer }

/** The answer that a call with this Idempotency-Key was given before. */
export async function findReply(integration: Integration, named: Named): Promise<Reply | null> {
  const kept = await findAnswer(db(), integration, named.idempotencyKey)
  return kept && replay(kept, named)
}

/** Runs `work`; under an Idempotency-Key only if no call with it has been answered before. */
export async function once(integration: Integration, named: Named | null, work: Work): Promise<Reply> {
  if (!named) return inTransaction((trx) => work(trx, newLinkKey()))
  const { idempotencyKey, digest } = named
  const seed = newSeed()
  try {
    return await inTransaction(async (trx) => {
      if (await claimAnswer(trx, integration, { idempotencyKey, digest, seed })) {
        const { status, body, link, headers } = await work(trx, linkKeyFrom(seed))
        await keepAnswer(trx, integration, { idempotencyKey, status, body: body ?? {}, hasLink: link !== undefined })
        return { status, body, link, headers }
      }
      const kept = await findAnswer(trx, integration, idempotencyKey)
      if (!kept) throw new Problem('idempotency_in_progress', RETRY)
      return replay(kept, named)
    })
  } catch (error) {
    // The one before holds the key for longer than we wait.
    if (error instanceof Error && 'code' in error && error.code === '55P03')
      throw new Problem('idempotency_in_progress', RETRY)
    throw error
  }
}

const RETRY = { headers: { 'retry-after': '1' } }

function replay({ digest, seed, status, body, hasLink }: KeptAnswer, named: Named): Reply {
  if (!digest.equals(named.digest)) throw new Problem('idempotency_key_reused')
  const link = hasLink ? linkAddress(linkKeyFrom(seed).key) : undefined
  return { status, body, link, headers: { 'idempotent-replayed': 'true' } }
}
