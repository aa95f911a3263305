import 'server-only'
import { proven } from '#lib/actor.ts'
import { credentialContext } from '#lib/connection/seal.ts'
import { webhookSecretContext } from '#lib/connection/webhooks.ts'
import type { SealContext } from '#lib/crypto/envelope.ts'
import { rewrap } from '#lib/crypto/envelope.ts'
import { isKeyOutage } from '#lib/crypto/key-provider.ts'
import { keyProvider } from '#lib/crypto/keyring.ts'
import { recordAudit } from '#lib/data/audit-events.ts'
import { db, inTransaction } from '#lib/data/database.ts'
import type { Rewrapped, SealedRow, SealedTable } from '#lib/data/sealed-values.ts'
import { listKeyIdsInUse, listSealed, replaceWrappedKeys, sealedTables } from '#lib/data/sealed-values.ts'
import { log } from '#lib/log.ts'
import { sealedLinkContext } from './write-letter.ts'

const ROWS_AT_ONCE = 100

export type RewrapOutcome = { rewrapped: number; failed: number }

/**
 * Wraps the data key of everything that is sealed under an older key anew, under the newest. A step is one transaction
 * that changes what it read and nothing else: a run that is killed is taken up by the next one, and two runs at once
 * do some work twice. What cannot be unwrapped stays as it is and is counted.
 */
export async function rewrapAll({ signal }: { signal?: AbortSignal } = {}): Promise<RewrapOutcome> {
  const total = { rewrapped: 0, failed: 0 }
  for (const keyId of await listOldKeyIds()) {
    for (const table of sealedTables) {
      for (let after = ''; !signal?.aborted; ) {
        const rows = await listSealed(db(), table, { keyId, after, limit: ROWS_AT_ONCE })
        const last = rows.at(-1)
        if (!last) break
        const made = await rewrapRows(rows)
        total.rewrapped += await store(table, keyId, made)
        total.failed += rows.length - made.length
        after = last.id
      }
    }
  }
  return total
}

/** Keys other than the newest that something is sealed under. */
export async function listOldKeyIds(): Promise<string[]> {
  const inUse = await listKeyIdsInUse(db())
  const newest = await keyProvider().currentKeyId()
  return inUse.filter((keyId) => keyId !== newest)
}

async function rewrapRows(rows: readonly SealedRow[]): Promise<Rewrapped[]> {
  const made = await Promise.all(
    rows.map(async (row): Promise<Rewrapped[]> => {
      const { wrappedKey: before } = row.value
      try {
        return [{ id: row.id, before, after: await rewrap(before, contextOf(row)) }]
      } catch (error) {
        // Nothing is wrong with the values: what is left is taken up by the next run.
        if (isKeyOutage(error)) throw error
        log.error('key.rewrap_refused', error, { teamId: row.teamId, reason: row.id })
        return []
      }
    }),
  )
  return made.flat()
}

async function store(table: SealedTable, from: string, made: readonly Rewrapped[]): Promise<number> {
  const [first] = made
  if (!first) return 0
  return inTransaction(async (trx) => {
    const counts = await replaceWrappedKeys(trx, table, made)
    for (const [teamId, count] of counts)
      await recordAudit(trx, proven<'watcher'>({ kind: 'watcher', teamId }), {
        action: 'key.rewrapped',
        objectId: teamId,
        details: { table, from, to: first.after.keyId, count },
      })
    return [...counts.values()].reduce((sum, count) => sum + count, 0)
  })
}

/** Rebuilt from the row, as whoever opens it does. */
export function contextOf(row: SealedRow): SealContext {
  switch (row.table) {
    case 'credentials':
      return credentialContext(row.teamId, row)
    case 'outbox':
      return sealedLinkContext(row)
    case 'webhookSecrets':
      return webhookSecretContext(row)
  }
}
